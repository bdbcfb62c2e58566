import RPC
import ServiceAPI
import ServiceRuntime

/// Credits, session and media in one process: on virtual time, over a network, disks and providers
/// that fail as a seed decides, with users who want something of them, and a checker that looks
/// after every change. Everything runs on the calling thread; the same seed gives the same history.
// Safe: used on one thread, the one that calls `run`.
final class Simulation: @unchecked Sendable {
    struct Outcome: Sendable {
        var seed: UInt64
        var violations: [String]
        var digest: UInt64
        var events: Int
        var commits: Int
        var crashes: [String: Int]
        var charged: Int64
        /// Pictures whose depth was estimated.
        var depths: Int
        /// The end of the history, for who wants to know how it came to a violation.
        var history: [String]
    }

    let seed: UInt64
    let plan: Plan
    let mutant: Mutant?
    let time = VirtualTime()
    let log: EventLog
    let network: SimulatedNetwork
    let providers: SimulatedProviders
    let bank = Bank()
    private(set) var stripe: SimulatedStripe!
    private(set) var checker: Checker!
    private let clock: EventLoop
    private let clients: EventLoop
    private let random: RandomSource
    private let folder = Files.makeFolder()
    private var processes: [SimulatedProcess.Kind: SimulatedProcess] = [:]
    private var dead: [SimulatedProcess] = []
    private var lives = 0
    private var committed: Set<SimulatedProcess.Kind> = []
    private var commits = 0
    private var crashes: [String: Int] = [:]
    private var crashCount = 0
    private(set) var isFaulty = true
    private var isOver = false
    private(set) var violations: [String] = []
    /// By how much the wall clock is away from where it would be.
    private(set) var wallOffset = Duration.zero
    private var usersAtWork = 0

    /// - Parameter change: Of what the seed has drawn.
    init(seed: UInt64, mutant: Mutant? = nil, change: (inout Plan) -> Void = { _ in }) {
        self.seed = seed
        self.mutant = mutant
        var plan = Plan(seed: seed)
        change(&plan)
        self.plan = plan
        log = EventLog(time: time)
        let random = RandomSource.seeded(seed)
        self.random = random
        clock = EventLoop(name: "clock", simulating: time)
        clients = EventLoop(name: "clients", simulating: time)
        network = SimulatedNetwork(
            world: clock, log: log, random: .seeded(random.nextUInt64()), faults: plan.network)
        providers = SimulatedProviders(
            time: time, random: .seeded(random.nextUInt64()), log: log, faults: plan.provider)
    }

    deinit { Files.remove(folder) }

    // MARK: What processes say

    func violation(_ text: String) {
        log.note("VIOLATION \(text)")
        violations.append("\(time.instant.nanoseconds / 1_000_000) ms: \(text)")
    }

    func committed(_ kind: SimulatedProcess.Kind) {
        committed.insert(kind)
        commits += 1
    }

    func startFailed(_ process: SimulatedProcess, _ error: String) {
        log.note("\(process.kind) cannot start: \(error)")
        if isFaulty {
            crash(process, "start")
        } else {
            violation("\(process.kind) cannot start: \(error)")
        }
    }

    func storeFails(_ kind: SimulatedProcess.Kind, _ how: String) -> Bool {
        guard isFaulty, random.chance(plan.storeFaults) else { return false }
        log.note("\(kind) store \(how)")
        return true
    }

    func logger(_ service: String) -> Logger {
        Logger(service: service, level: .error, isHuman: true, time: time) { [log] line in
            log.note(
                "log \(service): \(line.split(separator: " ").dropFirst(2).joined(separator: " "))")
        }
    }

    /// A process reaches a named point, and may die there.
    func pass(_ host: String, _ point: String) {
        guard isFaulty, crashCount < plan.crashesMax,
            let kind = SimulatedProcess.Kind(rawValue: host), kind != .prompt,
            let process = processes[kind], !process.isDead
        else { return }
        let name = "\(host).\(point)"
        let short = name.replacing("credits.v1.", with: "").replacing("media.v1.", with: "")
            .replacing("credits_admin.v1.", with: "")
            .replacing("payments.v1.", with: "").replacing("session.v1.", with: "")
        let isFavourite = plan.favourites.contains(short)
        guard random.chance(isFavourite ? 0.15 : plan.crashes) else { return }
        crashCount += 1
        crash(process, short)
    }

    // MARK: Life and death

    private func start(_ kind: SimulatedProcess.Kind, in folder: String) {
        guard !isOver else { return }
        lives += 1
        let process = SimulatedProcess(
            kind, folder: folder, life: lives, world: self, random: .seeded(random.nextUInt64()))
        processes[kind] = process
        checker.opened(kind, process.storePath)
        process.start()
        log.note("start \(kind)")
    }

    private func crash(_ process: SimulatedProcess, _ point: String) {
        guard !process.isDead else { return }
        process.die()
        log.note("crash \(point)")
        crashes[point, default: 0] += 1
        let next = "\(folder)/\(process.kind)-\(lives)-\(crashes.count)-\(crashCount)"
        Files.copy(process.folder, to: next)
        if random.chance(plan.powerFailures) { losePower(of: process, in: next) }
        network.kill(process.kind.rawValue)
        checker.closed(process.kind)
        dead.append(process)
        let delay = random.duration(.milliseconds(100), .seconds(15))
        let kind = process.kind
        clock.execute { [self] in
            clock.schedule(after: delay) { [self] in start(kind, in: next) }
        }
    }

    /// The machine has stopped: of what its store had not flushed, the newest is not on the disk.
    private func losePower(of process: SimulatedProcess, in copy: String) {
        for suffix in ["", "-wal"] {
            let path = process.storePath + suffix
            let count = LossyFiles.unflushedCount(of: path)
            guard count > 0 else { continue }
            let lost = random.chance(0.5) ? count : 1 + random.below(count)
            log.note("power of \(process.kind): \(lost) of \(count) writes lost\(suffix)")
            LossyFiles.lose(lost, of: path, in: "\(copy)/\(process.kind).db\(suffix)")
        }
    }

    private func buryDead() {
        while let process = dead.popLast() {
            process.bury()
            LossyFiles.forget(process.folder)
            Files.remove(process.folder)
        }
    }

    // MARK: The course of events

    /// Runs to the end, or to the first violation.
    func run() -> Outcome {
        checker = Checker(world: self)
        stripe = SimulatedStripe(
            world: self, loop: clients, random: .seeded(random.nextUInt64()),
            faults: plan.payments)
        network.pass = { [unowned self] host, point in pass(host, point) }
        providers.asked = { [unowned self] in checker.checkAsked($0, isVideo: $1) }
        for kind in SimulatedProcess.Kind.allCases { start(kind, in: "\(folder)/\(kind)") }
        planTrouble()
        let users = startUsers()
        let end = time.instant + plan.duration
        advance(until: end)
        endTrouble()
        // Whoever waited for something gets it soon; what nobody waits for is over in time.
        advance(until: time.instant + .seconds(120))
        if violations.isEmpty { checker.checkLiveness(isLast: false) }
        advance(until: time.instant + .seconds(30))
        if violations.isEmpty, usersAtWork > 0 { violation("I17: a user still waits") }
        if violations.isEmpty { checker.checkLiveness(isLast: true) }
        if violations.isEmpty { checker.checkEnd() }
        isOver = true
        let charged = bank.chargedTotal
        for user in users { user.cancel() }
        stripe.stop()
        for process in processes.values.sorted(by: { $0.kind.port < $1.kind.port })
        where !process.isDead {
            process.die()
            network.kill(process.kind.rawValue)
            checker.closed(process.kind)
            dead.append(process)
        }
        buryDead()
        buryClients()
        return Outcome(
            seed: seed, violations: violations, digest: log.digest, events: log.lines.count,
            commits: commits, crashes: crashes, charged: charged,
            depths: providers.depthsOf.count, history: log.lines)
    }

    private func advance(until end: Instant, orWhen isDone: () -> Bool = { false }) {
        while violations.isEmpty, !isDone() {
            let ready = loops.filter(\.hasWork)
            if !ready.isEmpty {
                let next = ready.count == 1 ? ready[0] : random.pick(ready)
                next.turn()
                checkAfterTurn()
                continue
            }
            let dues = loops.compactMap(\.nextTimer) + [time.nextDue].compactMap(\.self)
            let due = dues.min() ?? end
            guard due < end else {
                time.advance(by: max(.zero, end - time.instant))
                return
            }
            time.advance(by: max(.zero, due - time.instant))
        }
    }

    private var loops: [EventLoop] {
        var loops = [clock, clients]
        for kind in SimulatedProcess.Kind.allCases {
            if let process = processes[kind], !process.isDead { loops.append(process.loop) }
        }
        return loops
    }

    private func checkAfterTurn() {
        let changed = committed
        committed = []
        for kind in SimulatedProcess.Kind.allCases where changed.contains(kind) {
            if processes[kind]?.isDead == false { checker.check(kind) }
        }
        if !dead.isEmpty { buryDead() }
    }

    // MARK: Trouble

    private func planTrouble() {
        every(plan.wallJumps) { [self] in
            let jump = random.pick([-3_600, -40, -5, 5, 20, 40, 3_600, 86_400])
            log.note("wall clock \(jump) s")
            time.jumpWall(by: .seconds(Int64(jump)))
            wallOffset += .seconds(Int64(jump))
        }
        if let tampering = plan.tampering { tamper(tampering) }
        every(plan.leaseLosses) { [self] in
            // A worker whose try ends looks for work again: nothing is forgotten.
            let jobs = checker.leasedJobs.filter { providers.isAtWork(on: $0) }
            guard !jobs.isEmpty else { return }
            let job = random.pick(jobs)
            log.note("lease of \(job) ends")
            processes[.media]?.endLease(of: job)
        }
        every(plan.walls) { [self] in
            let (left, right) = random.pick([
                ("session", "credits"), ("session", "media"), ("client", "session"),
                ("client", "credits"), ("session", "prompt"),
            ])
            let length = random.duration(.milliseconds(300), .seconds(15))
            log.note("wall \(left) \(right) for \(length.nanoseconds / 1_000_000) ms")
            network.separate(left, right)
            clock.schedule(after: length) { [self] in network.join(left, right) }
        }
    }

    private func tamper(_ tampering: Plan.Tampering) {
        clock.execute { [self] in
            clock.schedule(after: .milliseconds(200)) { [self] in
                guard let path = checker.path(of: tampering.store),
                    let count = SQLiteFile.tamper(with: path, tampering.sql), count > 0
                else { return tamper(tampering) }
                log.note("tampered with \(count) rows of \(tampering.store)")
            }
        }
    }

    /// Does something so many times a minute, while there is trouble.
    private func every(_ perMinute: Double, _ body: @escaping @Sendable () -> Void) {
        guard perMinute > 0 else { return }
        let wait = Duration.nanoseconds(Int64(120e9 / perMinute * random.unit()))
        clock.execute { [self] in
            clock.schedule(after: wait) { [self] in
                guard isFaulty else { return }
                body()
                every(perMinute, body)
            }
        }
    }

    private func endTrouble() {
        log.note("the last fault")
        isFaulty = false
        network.faults = NetworkFaults()
        providers.faults = ProviderFaults()
        stripe.faults = PaymentFaults()
    }

    // MARK: Users

    private func startUsers() -> [Task<Void, Never>] {
        let transport = SimulatedTransport(network: network, host: "client")
        let channels = [SimulatedProcess.Kind.session, .credits].map { kind in
            Channel(
                addresses: [kind.address], identity: Identity(service: "gateway", secret: nil),
                loop: clients, transport: transport, random: .seeded(random.nextUInt64()))
        }
        clientChannels = channels
        stripe.gateway = PaymentsAPI.Client(channels[1])
        usersAtWork = plan.users + 3
        let studio = (0..<plan.users).map { index in
            StudioUser(
                id: "usr_\(index)", isGuest: index == 0, world: self, session: channels[0],
                credits: channels[1],
                random: .seeded(random.nextUInt64()))
        }
        let buyer = Buyer(
            id: "usr_buyer", world: self, credits: channels[1],
            random: .seeded(random.nextUInt64()))
        var tasks = studio.map { user in
            Task(executorPreference: clients) { [self] in
                await user.live()
                usersAtWork -= 1
            }
        }
        let shopper = Shopper(
            id: "usr_shopper", world: self, credits: channels[1],
            random: .seeded(random.nextUInt64()))
        let auditor = Auditor(
            world: self, session: channels[0], credits: channels[1],
            random: .seeded(random.nextUInt64()))
        for life in [buyer.live, shopper.live, auditor.live] {
            tasks.append(
                Task(executorPreference: clients) { [self] in
                    await life()
                    usersAtWork -= 1
                })
        }
        return tasks
    }

    private var clientChannels: [Channel] = []

    private func buryClients() {
        for channel in clientChannels { channel.close() }
        clientChannels = []
        var turns = 0
        while clients.hasWork || clock.hasWork || clients.nextTimer != nil, turns < 20_000 {
            clients.turn(isLast: true)
            clock.turn(isLast: true)
            turns += 1
        }
    }
}
