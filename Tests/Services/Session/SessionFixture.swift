import Glibc
import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Storage
import TestSupport

/// A session service on fakes of its three neighbours, in virtual time, on a store of its own.
final class SessionFixture: Sendable {
    let trip = Tripwire()
    let credits: FakeCredits
    let prompt: FakePrompt
    let media: FakeMedia
    let time = VirtualTime()
    let path: String
    private let folder: String
    private let links: [RPCFixture]
    let configuration: SessionConfiguration
    let isHasty: Bool
    let storeFault = StoreFault()
    /// Each process draws other ids than the one before.
    private let opened = Lock(UInt64(42))

    /// - Parameter isHasty: Waits of less than a second, as between two tries, are over at once.
    init(isHasty: Bool = false, _ change: (inout SessionConfiguration) -> Void = { _ in }) throws {
        credits = FakeCredits(trip: trip)
        prompt = FakePrompt(trip: trip)
        media = FakeMedia(trip: trip)
        links = [
            try RPCFixture(.memory, methods: CreditsAPI.methods(credits)),
            try RPCFixture(.memory, methods: PromptAPI.methods(prompt)),
            try RPCFixture(.memory, methods: MediaAPI.methods(media)),
        ]
        var template = Array("/tmp/convergence-session-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("no folder for a test") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        path = "\(folder)/session.db"
        var configuration = SessionConfiguration()
        configuration.store = "sqlite:\(path)"
        change(&configuration)
        self.configuration = configuration
        self.isHasty = isHasty
    }

    deinit {
        for suffix in ["", "-wal", "-shm", ".lock", "-lock"] { unlink(path + suffix) }
        rmdir(folder)
    }

    func open() async throws -> SessionService {
        var options = DatabaseOptions()
        options.faults = StorageFaults { [storeFault, trip] point throws(StorageError) in
            try storeFault.pass(point, trip)
        }
        let seed = opened.withLock { seed in
            seed += 1
            return seed
        }
        return try await SessionService.open(
            configuration, credits: links[0].channel, prompt: links[1].channel,
            media: links[2].channel, time: isHasty ? HastyTime(base: time) : time,
            random: .seeded(seed), options: options)
    }

    /// Runs a body against a service at work, then stops it as a killed process stops.
    func running<Value: Sendable>(
        _ body: @escaping @Sendable (Driver) async throws -> Value
    ) async throws -> Value {
        let service = try await open()
        defer { service.close() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await service.run()
                return nil
            }
            group.addTask { try await body(Driver(service: service, fixture: self)) }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}

/// A user at a session service.
struct Driver: Sendable {
    let service: SessionService
    let fixture: SessionFixture
    var userID = "usr_1"

    var handler: SessionHandler { service.handler }

    func context(_ key: String = "") -> CallContext {
        CallContext(
            deadline: .distantFuture,
            metadata: CallMetadata(idempotencyKey: key.isEmpty ? nil : key), caller: "tests")
    }

    /// The operation once it has ended.
    func ended(_ operation: SessionAPI.Operation) async throws -> SessionAPI.Operation {
        try await handler.waitOperation(
            SessionAPI.WaitOperationRequest(
                userID: userID, id: operation.id, waitMs: 3_600_000), context())
    }

    func start(_ intent: String = "a fox", key: String = "") async throws -> SessionAPI.Operation {
        try await ended(
            handler.start(
                SessionAPI.StartRequest(userID: userID, intent: intent, aspectRatio: "16:9"),
                context(key)))
    }

    func select(
        _ session: String, _ dimension: String, _ option: String, key: String = ""
    ) async throws -> SessionAPI.Operation {
        try await ended(begin(session, dimension, option, key: key))
    }

    /// A select that is not waited for.
    func begin(
        _ session: String, _ dimension: String, _ option: String, key: String = ""
    ) async throws -> SessionAPI.Operation {
        try await handler.select(
            SessionAPI.SelectRequest(
                userID: userID, sessionID: session, dimension: dimension, optionID: option),
            context(key))
    }

    func regenerate(_ session: String, _ dimension: String) async throws -> SessionAPI.Operation {
        try await ended(
            handler.regenerate(
                SessionAPI.RegenerateRequest(
                    userID: userID, sessionID: session, dimension: dimension), context()))
    }

    func retry(
        _ session: String, _ dimension: String, _ option: String
    ) async throws -> SessionAPI.Operation {
        try await ended(
            handler.retry(
                SessionAPI.RetryRequest(
                    userID: userID, sessionID: session, dimension: dimension, optionID: option),
                context()))
    }

    func request(_ session: String) -> SessionAPI.NavigateRequest {
        SessionAPI.NavigateRequest(userID: userID, sessionID: session)
    }

    func back(_ session: String) async throws -> SessionAPI.Operation {
        try await handler.back(request(session), context())
    }

    func session(_ id: String) async throws -> SessionAPI.ConvergenceSession {
        try await handler.getSession(
            SessionAPI.GetSessionRequest(userID: userID, sessionID: id), context())
    }

    /// Goes from the start to the camera step.
    func throughLighting() async throws -> String {
        let id = try await start().sessionID
        _ = try await select(id, "direction", "cinematic")
        _ = try await select(id, "mood", "dramatic")
        _ = try await select(id, "framing", "wide")
        _ = try await select(id, "lighting", "golden_hour")
        return id
    }

    /// Events from a cursor on, up to the first of `kind` or what is there now.
    func camera(_ session: String) async throws -> SessionAPI.Operation {
        try await ended(handler.cameraMotion(request(session), context()))
    }
}

/// The code of what a body throws.
func code(_ body: () async throws -> some Any) async -> String {
    do {
        _ = try await body()
        return "none"
    } catch let error as RPCError {
        return error.domainCode
    } catch {
        return "\(error)"
    }
}
