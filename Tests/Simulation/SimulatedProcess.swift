import CreditsService
import MediaService
import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Storage
import TestSupport

/// One life of a service: from its start to its crash, on a loop of its own.
// Safe: used on the simulation's thread only.
final class SimulatedProcess: @unchecked Sendable {
    enum Kind: String, CaseIterable {
        case credits, session, media, prompt

        var port: UInt16 {
            switch self {
            case .session: 7101
            case .credits: 7102
            case .prompt: 7103
            case .media: 7104
            }
        }

        var address: SocketAddress { SocketAddress(host: "127.0.0.1", port: port) }
    }

    let kind: Kind
    let folder: String
    let loop: EventLoop
    private(set) var isDead = false
    /// Whether it has begun to serve.
    private(set) var isServing = false
    private let world: Simulation
    private let transport: SimulatedTransport
    private let random: RandomSource
    private var root: Task<Void, Never>?
    private var channels: [Channel] = []
    private weak var media: MediaService?
    /// Nil once the memory of a dead process is free.
    private(set) weak var remains: AnyObject?

    init(_ kind: Kind, folder: String, life: Int, world: Simulation, random: RandomSource) {
        self.kind = kind
        self.folder = folder
        self.world = world
        self.random = random
        loop = EventLoop(name: "\(kind)-\(life)", simulating: world.time)
        transport = SimulatedTransport(network: world.network, host: kind.rawValue)
    }

    var storePath: String { "\(folder)/\(kind).db" }

    func start() {
        root = Task(executorPreference: loop) { [self] in
            do {
                switch kind {
                case .credits: try await runCredits()
                case .session: try await runSession()
                case .media: try await runMedia()
                case .prompt: try serve(PromptAPI.methods(SimulatedPrompt()))
                }
            } catch {
                if !isDead { world.startFailed(self, "\(error)") }
            }
        }
    }

    private func runCredits() async throws {
        var configuration = CreditsConfiguration()
        configuration.store = "sqlite:\(storePath)"
        configuration.starterGrant = 40
        configuration.adminCallers = ["gateway"]
        configuration.payments = payments
        let service = try await CreditsService.open(
            configuration, time: world.time, logger: world.logger(kind.rawValue),
            options: storage, exchange: world.stripe.exchange(of: self), random: random,
            mutant: world.mutant)
        remains = service
        try serve(service.methods)
        await service.run()
        service.close()
    }

    private var payments: PaymentConfiguration {
        var payments = PaymentConfiguration()
        payments.provider = .stripe
        payments.publicURL = "https://studio.example"
        payments.stripe.secretKey = Secret(StripeFake.secretKey)
        payments.stripe.webhookSecrets = [Secret(StripeFake.webhookSecret)]
        payments.stripe.apiBase = SimulatedStripe.site
        // A simulation has minutes where the world has days.
        payments.sweepInterval = .seconds(5)
        payments.checkAfter = .seconds(2)
        payments.recheckAfter = .seconds(3)
        return payments
    }

    private func runSession() async throws {
        var configuration = SessionConfiguration()
        configuration.store = "sqlite:\(storePath)"
        let service = try await SessionService.open(
            configuration, credits: channel(to: .credits), prompt: channel(to: .prompt),
            media: channel(to: .media), time: world.time, random: random,
            logger: world.logger(kind.rawValue), options: storage, mutant: world.mutant)
        remains = service
        try serve(service.methods)
        await service.run()
        service.endWaits()
        service.close()
    }

    private func runMedia() async throws {
        var configuration = MediaConfiguration()
        configuration.store = "sqlite:\(storePath)"
        configuration.blobs = "file:\(folder)/blobs"
        configuration.space.freeBytesMin = 1 << 20
        configuration.space.freePercentMin = 0
        configuration.limits.userRunningMax = 3
        let pool = WorkerPool(executor: executor)
        var parts = MediaService.Parts(threads: pool, decoding: pool)
        parts.time = world.time
        parts.random = random
        parts.storage = storage
        parts.logger = world.logger(kind.rawValue)
        parts.mutant = world.mutant
        parts.faults = MediaFaults { [unowned self] point throws in
            guard !isDead else { throw MediaFaults.Crash() }
            world.pass("media", point.rawValue)
            if isDead { throw MediaFaults.Crash() }
        }
        let service = try await MediaService(
            configuration, providers: world.providers.all, parts: parts)
        remains = service
        media = service
        try serve(MediaAPI.methods(MediaHandler(service)))
        await service.run()
        service.stop()
    }

    private func serve(_ methods: [MethodHandler]) throws {
        let server = Server(
            identity: Identity(service: kind.rawValue, secret: nil), methods: methods,
            loops: [loop], transport: transport)
        _ = try server.listen(on: kind.address)
        isServing = true
    }

    private func channel(to kind: Kind) -> Channel {
        let channel = Channel(
            addresses: [kind.address], identity: Identity(service: self.kind.rawValue, secret: nil),
            loop: loop, transport: transport, random: random)
        channels.append(channel)
        return channel
    }

    /// Work of threads is done by the loop, some time later.
    private var executor: WorkerPool.Executor {
        { [loop, random] work in
            let delay = Duration.microseconds(20) + random.jitter(.microseconds(800))
            loop.execute { loop.schedule(after: delay, work) }
        }
    }

    private var storage: DatabaseOptions {
        var options = DatabaseOptions()
        options.name = kind.rawValue
        options.executor = executor
        options.checkpointPages = 60
        precondition(LossyFiles.isRegistered)
        options.fileSystem = LossyFiles.name
        options.faults = StorageFaults { [unowned self] point throws(StorageError) in
            guard !isDead else { throw .io("the process is gone") }
            if point == .afterCommit { world.committed(kind) }
            world.pass(kind.rawValue, point.rawValue)
            if isDead { throw .io("the process is gone") }
            switch point {
            case .beforeCommit where world.storeFails(kind, "full"): throw .full
            case .afterCommit where world.storeFails(kind, "unsure"): throw .io("a broken disk")
            default: break
            }
        }
        return options
    }

    /// Ends the lease of a job as the sweep of another worker would, while the one that has it works.
    func endLease(of job: String) {
        guard !isDead, let media else { return }
        Task(executorPreference: loop) {
            _ = try? await media.library.store.apply(.leaseExpired, to: job)
        }
    }

    /// From here on nothing that this process does has any effect.
    func die() {
        isDead = true
        transport.kill()
    }

    /// Lets what is left of a dead process unwind, so that its files are closed and its memory goes.
    func bury() {
        root?.cancel()
        root = nil
        for channel in channels { channel.close() }
        channels = []
        var turns = 0
        while loop.hasWork || loop.nextTimer != nil, turns < 20_000 {
            loop.turn(isLast: true)
            turns += 1
        }
        if remains != nil { world.log.note("\(kind) lingers after \(turns) turns") }
    }
}
