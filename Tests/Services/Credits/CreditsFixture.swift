import CreditsService
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime
import Storage
import Testing

/// A credits service on a store of its own, called through its handler, on virtual time.
final class CreditsFixture: Sendable {
    let folder: String
    let time: VirtualTime
    let configuration: CreditsConfiguration
    let service: CreditsService
    let metrics: Metrics
    private let editions: [PriceEdition]

    var handler: CreditsHandler { service.handler }
    var admin: CreditsAdminHandler { service.admin }
    var path: String { "\(folder)/credits.db" }

    init(
        folder: String? = nil, time: VirtualTime = VirtualTime(),
        editions: [PriceEdition] = PriceEdition.all,
        _ change: (inout CreditsConfiguration) -> Void = { _ in }
    ) async throws {
        self.folder = folder ?? Self.makeFolder()
        self.time = time
        metrics = Metrics()
        var configuration = CreditsConfiguration()
        configuration.store = "sqlite:\(self.folder)/credits.db"
        configuration.expiryGrace = .zero
        change(&configuration)
        self.configuration = configuration
        self.editions = editions
        service = try await CreditsService.open(
            configuration, time: time, metrics: metrics, editions: editions)
    }

    /// Closes the service and opens the same store again.
    func reopened() async throws -> CreditsFixture {
        service.close()
        return try await CreditsFixture(folder: folder, time: time, editions: editions) {
            [configuration] in $0 = configuration
        }
    }

    /// Closes the service and removes its folder.
    func remove() {
        service.close()
        for name in [
            "credits.db", "credits.db-wal", "credits.db-shm", "credits.db.lock",
            "credits.db.witness",
        ] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    static func makeFolder() -> String {
        var template = Array("/tmp/convergence-credits-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("no folder for a test") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Calls

    static let context = CallContext(
        deadline: .distantFuture, metadata: CallMetadata(requestID: "req_1"), caller: "test")

    /// Of an operator.
    static let adminContext = CallContext(
        deadline: .distantFuture, metadata: CallMetadata(requestID: "req_1"),
        caller: "credits-command")

    @discardableResult
    func open(_ user: String) async throws -> CreditsAPI.Balance {
        try await handler.openAccount(.init(userID: user), Self.context)
    }

    func balance(_ user: String) async throws -> CreditsAPI.Balance {
        try await handler.getBalance(.init(userID: user), Self.context)
    }

    /// Holds some whole credits, or the listed price for 0.
    func hold(
        _ user: String, _ job: String, _ operation: String = "image.preview", credits: Int64 = 0,
        quantity: UInt32 = 1, ttlMs: UInt32 = 0, hardMs: UInt32 = 0, session: String = ""
    ) async throws -> CreditsAPI.HoldReply {
        try await handler.hold(
            .init(
                userID: user, job: job, operation: operation, amountU4: credits * 10_000,
                quantity: quantity, ttlMs: ttlMs, hardMs: hardMs, sessionID: session),
            Self.context)
    }

    func capture(
        _ hold: String, credits: Int64, asset: String = ""
    ) async throws -> CreditsAPI.HoldReply {
        try await handler.captureHold(
            .init(holdID: hold, amountU4: credits * 10_000, assetID: asset), Self.context)
    }

    func release(_ hold: String) async throws -> CreditsAPI.HoldReply {
        try await handler.releaseHold(.init(holdID: hold, reason: "test"), Self.context)
    }

    @discardableResult
    func verify() async throws -> CreditsAPI.VerifyReply {
        let reply = try await handler.verify(.init(), Self.context)
        #expect(reply.violations == [])
        #expect(reply.isSound)
        return reply
    }
}

/// The domain code of the failure of a call; nil when it succeeded.
func failure(_ body: () async throws -> some Sendable) async -> RPCError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RPCError
    }
}
