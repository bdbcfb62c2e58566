import MediaService
import ServiceRuntime
import Storage

/// What goes wrong in one simulation, drawn from its seed. Each run has a random part of all faults,
/// so that some of them are also seen alone and often.
struct Plan: Sendable {
    var network = NetworkFaults()
    var provider = ProviderFaults()
    var payments = PaymentFaults()
    /// Probability of a crash at any named point.
    var crashes = 0.0
    /// Points at which this run crashes much more often.
    var favourites: [String] = []
    var crashesMax = 0
    /// Probability that a crash is one of the machine: what was not flushed may be lost.
    var powerFailures = 0.0
    /// Probability that a commit fails: because the disk is full, or in spite of being on disk.
    var storeFaults = 0.0
    /// How often the wall clock is set, in a minute.
    var wallJumps = 0.0
    /// How often a job's lease ends while its worker lives, in a minute.
    var leaseLosses = 0.0
    /// How often two hosts cannot reach each other for a while, in a minute.
    var walls = 0.0
    /// What somebody writes into a store behind the back of its service, once it finds something.
    var tampering: Tampering?
    var users = 3
    /// How long faults strike and users begin something new.
    var duration = Duration.seconds(60)

    struct Tampering: Sendable {
        var store: SimulatedProcess.Kind
        var sql: String
    }

    /// Every point that the services name themselves; those of the wire are named by their calls.
    static let points: [String] =
        ["credits", "session", "media"].flatMap { service in
            StorageFaults.Point.allCases.map { "\(service).\($0.rawValue)" }
        } + MediaFaults.Point.allCases.map { "media.\($0.rawValue)" }

    /// Those that a service passes after its start, too.
    private static let frequent = points.filter {
        !$0.hasSuffix(StorageFaults.Point.beforeMigrationCommit.rawValue)
    }

    /// Calls whose points of the wire are struck often: at the caller ("session.asks.Credits/Hold"
    /// and "session.hears.…") and at the called ("credits.takes.…", "credits.answers.…").
    static let calls = [
        "Credits/Hold", "Credits/SubmitHold", "Credits/CaptureHold", "Credits/ReleaseHold",
        "Credits/RenewHold", "Media/CreateJobs", "Media/WatchJobs", "Media/CancelJobs",
        "Media/EnsureDepth", "Credits/Refund", "CreditsAdmin/Grant", "Credits/MergeAccount",
        "Session/MergeUser", "Payments/CreateCheckout", "Payments/DeliverWebhook", "Stripe",
    ]

    init(seed: UInt64) {
        let random = RandomSource.seeded(seed &* 0x5851_F42D_4C95_7F2D)
        func sometimes(_ value: Double) -> Double { random.chance(0.5) ? value : 0 }
        network.losesRequest = sometimes(0.02)
        network.losesReply = sometimes(0.03)
        network.repeatsRequest = sometimes(0.05)
        network.repeatsReply = sometimes(0.05)
        network.delays = sometimes(0.02)
        provider.isSlow = sometimes(0.2)
        provider.fails = sometimes(0.15)
        provider.refuses = sometimes(0.05)
        provider.throttles = sometimes(0.08)
        provider.isUnknown = sometimes(0.08)
        provider.isGarbage = sometimes(0.05)
        if random.chance(0.75) {
            crashes = random.pick([0.0, 0.0005, 0.002])
            crashesMax = 2 + random.below(9)
            favourites = (0..<3).map { _ in random.pick(Self.frequent) }
            let (host, verb, call) = (
                random.pick(["session", "credits", "media"]),
                random.pick(["asks", "takes", "answers", "hears"]), random.pick(Self.calls)
            )
            favourites.append("\(host).\(verb).\(call)")
        }
        storeFaults = sometimes(0.01)
        wallJumps = sometimes(2)
        walls = sometimes(2)
        users = 2 + random.below(3)
        duration = .seconds(Int64(40 + random.below(60)))
        payments.losesCalls = sometimes(0.1)
        payments.isSlow = sometimes(0.1)
        payments.fails = sometimes(0.05)
        payments.losesEvents = sometimes(0.3)
        powerFailures = sometimes(0.5)
        leaseLosses = sometimes(6)
    }
}
