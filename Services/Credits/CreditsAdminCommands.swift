internal import RPC
internal import ServiceAPI
internal import ServiceProcess
internal import ServiceRuntime

/// What operators do, as subcommands that speak to the running service.
enum CreditsAdminCommands {
    static let all = [grant, correct, approve, reject, corrections]

    private static let grant = ServiceCommand(
        name: "grant",
        usage: "grant USER CREDITS --source S --actor A --reason R [--category promo|paid|plan]  "
            + "give credits, once for each source"
    ) { arguments, environment in
        let parsed = try Arguments(arguments, options: ["source", "actor", "reason", "category"])
        let (user, amount) = try (parsed.place(0, "USER"), parsed.credits(1))
        let reply = try await calling(environment) { client in
            try await client.grant(
                CreditsAdminAPI.GrantRequest(
                    userID: user, amountU4: amount, source: parsed.option("source"),
                    category: parsed.options["category"] ?? "promo",
                    actor: parsed.option("actor"), reason: parsed.option("reason")), options)
        }
        let available = CreditAmount(tenThousandths: reply.account?.availableU4 ?? 0)
        environment.print(
            (reply.isDuplicate ? "given before" : "given") + "; \(user) has \(available)")
        return 0
    }

    private static let correct = ServiceCommand(
        name: "correct",
        usage: "correct USER [-]CREDITS --key K --actor A --reason R  propose a correction"
    ) { arguments, environment in
        let parsed = try Arguments(arguments, options: ["key", "actor", "reason"])
        let (user, amount) = try (parsed.place(0, "USER"), parsed.credits(1))
        let correction = try await calling(environment) { client in
            try await client.proposeCorrection(
                CreditsAdminAPI.ProposeCorrectionRequest(
                    userID: user, amountU4: amount, key: parsed.option("key"),
                    actor: parsed.option("actor"), reason: parsed.option("reason")), options)
        }
        environment.print(line(correction))
        return 0
    }

    private static let approve = decision(
        "approve", "approve CORRECTION --actor A  apply what somebody else proposed"
    ) { client, request in try await client.approveCorrection(request, options) }

    private static let reject = decision(
        "reject", "reject CORRECTION --actor A  give a proposal up"
    ) { client, request in try await client.rejectCorrection(request, options) }

    private static let corrections = ServiceCommand(
        name: "corrections",
        usage: "corrections [proposed|applied|rejected]  list corrections, the newest first"
    ) { arguments, environment in
        let parsed = try Arguments(arguments, options: [])
        let reply = try await calling(environment) { client in
            try await client.listCorrections(
                CreditsAdminAPI.ListCorrectionsRequest(state: parsed.places.first ?? ""), options)
        }
        for correction in reply.corrections { environment.print(line(correction)) }
        return 0
    }

    // MARK: Parts

    private static let options = CallOptions(timeout: .seconds(10))

    private static func decision(
        _ name: String, _ usage: String,
        _ decide:
            @escaping @Sendable (
                CreditsAdminAPI.Client, CreditsAdminAPI.DecideCorrectionRequest
            ) async throws -> CreditsAdminAPI.Correction
    ) -> ServiceCommand {
        ServiceCommand(name: name, usage: usage) { arguments, environment in
            let parsed = try Arguments(arguments, options: ["actor"])
            let request = CreditsAdminAPI.DecideCorrectionRequest(
                correctionID: try parsed.place(0, "CORRECTION"),
                actor: try parsed.option("actor"))
            let correction = try await calling(environment) { try await decide($0, request) }
            environment.print(line(correction))
            return 0
        }
    }

    private static func calling<Value>(
        _ environment: CommandEnvironment,
        _ body: (CreditsAdminAPI.Client) async throws -> Value
    ) async throws -> Value {
        let channel = environment.channel()
        defer { channel.close() }
        return try await body(CreditsAdminAPI.Client(channel))
    }

    private static func line(_ correction: CreditsAdminAPI.Correction) -> String {
        let amount = CreditAmount(tenThousandths: correction.amountU4)
        var parts = [
            correction.id, correction.state, correction.userID, "\(amount)",
            "by \(correction.proposedBy)", correction.reason,
        ]
        if !correction.decidedBy.isEmpty { parts.append("decided by \(correction.decidedBy)") }
        return parts.joined(separator: "  ")
    }
}

/// Places and `--name value` options of a subcommand.
private struct Arguments {
    /// Used wrongly; the text says how.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var places: [String] = []
    private(set) var options: [String: String] = [:]

    init(_ arguments: [String], options known: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                places.append(argument)
                continue
            }
            let name = String(argument.dropFirst(2))
            guard known.contains(name), let value = rest.popFirst() else {
                throw Failure(description: "\(argument) is not known here, or has no value")
            }
            options[name] = value
        }
    }

    func place(_ index: Int, _ name: String) throws -> String {
        guard places.indices.contains(index) else {
            throw Failure(description: "\(name) is missing")
        }
        return places[index]
    }

    func option(_ name: String) throws -> String {
        guard let value = options[name] else { throw Failure(description: "--\(name) is missing") }
        return value
    }

    /// An amount in 1/10,000 credit; it may be negative.
    func credits(_ index: Int) throws -> Int64 {
        let text = try place(index, "CREDITS")
        let isNegative = text.hasPrefix("-")
        do throws(AmountError) {
            let amount = try CreditAmount(isNegative ? String(text.dropFirst()) : text)
            return isNegative ? -amount.tenThousandths : amount.tenThousandths
        } catch {
            throw Failure(description: "\(text) is not an amount of credits")
        }
    }
}
