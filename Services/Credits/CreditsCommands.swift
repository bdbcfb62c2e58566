internal import Cryptography
internal import RPC
internal import ServiceAPI
internal import ServiceProcess
internal import ServiceRuntime
internal import Wire

/// The maintenance subcommands: by the running service, or offline on its store.
enum CreditsCommands {
    static let verify = ServiceCommand(
        name: "verify",
        usage: "verify [--address HOST:PORT | --store URL]  replay the ledger; exit 0 when sound"
    ) { arguments, environment in
        let (store, rest) = try storeOption(arguments)
        guard rest.isEmpty else { throw CommandFailure("verify takes no argument \(rest[0])") }
        let reply: CreditsAPI.VerifyReply
        if let store {
            reply = try await offline(store) { handler in
                try await handler.verify(CreditsAPI.VerifyRequest(), context)
            }
        } else {
            let channel = environment.channel()
            defer { channel.close() }
            reply = try await CreditsAPI.Client(channel)
                .verify(CreditsAPI.VerifyRequest(), CallOptions(timeout: .seconds(600)))
        }
        for violation in reply.violations { environment.print(violation) }
        let head = Hex.encode(Array(reply.head))
        environment.print(
            "\(reply.isSound ? "sound" : "UNSOUND"): \(reply.transactions) transactions, "
                + "\(reply.entries) entries, head \(head)")
        return reply.isSound ? 0 : 1
    }

    static let explain = ServiceCommand(
        name: "explain",
        usage: "explain USER [--address HOST:PORT | --store URL]  every change of a balance"
    ) { arguments, environment in
        let (store, rest) = try storeOption(arguments)
        guard rest.count == 1 else { throw CommandFailure("explain takes one user") }
        if let store {
            return try await explainOffline(rest[0], store, environment)
        }
        // Kept until the last line: a stream ends with its channel.
        let channel = environment.channel()
        defer { channel.close() }
        let lines = try await CreditsAPI.Client(channel)
            .explain(
                CreditsAPI.ExplainRequest(userID: rest[0]), CallOptions(timeout: .seconds(600)))
        while let line = try await lines.next() { environment.print(text(line)) }
        return 0
    }

    private static func explainOffline(
        _ user: String, _ store: String, _ environment: CommandEnvironment
    ) async throws -> Int32 {
        try await offline(store) { handler in
            var before: Int64 = 0
            repeat {
                let page = try await handler.explanation(of: user, before: before)
                for line in page.lines { environment.print(text(line)) }
                before = page.nextBefore
            } while before != 0
        }
        return 0
    }

    // MARK: Parts

    /// A command that was used wrongly.
    private struct CommandFailure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    private static let context = CallContext(
        deadline: .distantFuture, metadata: .none, caller: "credits-command")

    private static func storeOption(
        _ arguments: [String]
    ) throws -> (store: String?, rest: [String]) {
        guard let index = arguments.firstIndex(of: "--store") else { return (nil, arguments) }
        guard index + 1 < arguments.count else { throw CommandFailure("--store needs a URL") }
        var rest = arguments
        let store = rest[index + 1]
        rest.removeSubrange(index...index + 1)
        return (store, rest)
    }

    /// Opens the store alone: refused while the service has it.
    private static func offline<Value>(
        _ store: String, _ body: (CreditsHandler) async throws -> Value
    ) async throws -> Value {
        var configuration = CreditsConfiguration()
        configuration.store = store
        let service = try await CreditsService.open(configuration)
        defer { service.close() }
        return try await body(service.handler)
    }

    /// One line: sequence, time, kind, amounts, then what is known about the work.
    private static func text(_ line: CreditsAPI.ExplainLine) -> String {
        guard let entry = line.entry else { return "" }
        let credits = { (tenThousandths: Int64) in
            CreditAmount(tenThousandths: tenThousandths).description
        }
        var parts = [
            "\(entry.sequence)", Timestamp(microseconds: entry.atUs).rfc3339, entry.kind,
            "amount \(credits(entry.amountU4))", "held \(credits(entry.heldU4))",
            "balance \(credits(entry.balanceAfterU4))",
        ]
        let facts = [
            ("operation", entry.operation), ("job", entry.job), ("hold", entry.holdID),
            ("session", entry.sessionID), ("asset", entry.assetID),
            ("request", entry.requestID), ("provider", line.providerReference),
            ("price", line.priceVersion == 0 ? "" : "v\(line.priceVersion)"),
            ("actor", line.actor), ("note", entry.note),
        ]
        parts += facts.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1)" }
        return parts.joined(separator: "  ")
    }
}
