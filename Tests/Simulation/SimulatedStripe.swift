import CreditsService
import HTTP
import HTTPOutbound
import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Wire

/// How often the payment provider does what, as probabilities.
struct PaymentFaults: Hashable, Sendable {
    /// A call or its answer is lost on the way.
    var losesCalls = 0.0
    /// A call takes up to 12 s.
    var isSlow = 0.0
    /// It answers that something is wrong with itself.
    var fails = 0.0
    /// Nobody is ever told of an event.
    var losesEvents = 0.0
}

/// A Stripe outside of the simulated processes: its clock is never set, it forgets nothing, and what
/// it tells comes late, several times, in any order, or never.
// Safe: used on the simulation's thread only.
final class SimulatedStripe: @unchecked Sendable {
    /// The time without what has been done to the wall clock of the processes.
    private struct TrueTime: TimeSource {
        let world: Simulation

        var now: Timestamp { world.time.now - world.wallOffset }
        var instant: Instant { world.time.instant }
        func sleep(for duration: Duration) async throws {
            try await world.time.sleep(for: duration)
        }
    }

    static let site = "https://stripe.example"
    let fake: StripeFake
    private unowned let world: Simulation
    private let random: RandomSource
    private let loop: EventLoop
    var faults: PaymentFaults
    /// Where it sends what it tells.
    var gateway: PaymentsAPI.Client?
    private var deliveries: [Task<Void, Never>] = []

    init(world: Simulation, loop: EventLoop, random: RandomSource, faults: PaymentFaults) {
        self.world = world
        self.loop = loop
        self.random = random
        self.faults = faults
        fake = StripeFake(inProcess: TrueTime(world: world))
    }

    // MARK: Being asked

    /// Answers what a process asks, as long as it lives.
    func exchange(of process: SimulatedProcess) -> PaymentExchange {
        { [self, unowned process] request async throws(HTTPClientError) in
            try await answer(request, of: process)
        }
    }

    private func answer(
        _ request: HTTPClient.Request, of process: SimulatedProcess
    ) async throws(HTTPClientError) -> HTTPClient.Response {
        try reach(process, "asks.Stripe")
        let fate = random.unit()
        try await pause(random.chance(faults.isSlow) ? .seconds(12) : .milliseconds(300))
        guard fate >= faults.losesCalls / 2 else { throw .failed("the connection is gone") }
        let target = request.url.dropFirst(Self.site.count)
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        world.log.note("stripe \(request.method) \(target)")
        if random.chance(faults.fails) {
            return HTTPClient.Response(status: 503, headers: [:], body: [])
        }
        let response = await fake.answer(
            HTTPRequest(
                method: request.method, path: parts[0], query: parts.count > 1 ? parts[1] : "",
                headers: request.headers, body: request.body))
        try await pause(.milliseconds(300))
        guard fate >= faults.losesCalls else { throw .timedOut }
        try reach(process, "hears.Stripe")
        guard case .bytes(let body) = response.body else { throw .failed("a stream") }
        return HTTPClient.Response(
            status: response.status, headers: response.headers, body: body)
    }

    private func reach(
        _ process: SimulatedProcess, _ point: String
    ) throws(HTTPClientError) {
        guard !process.isDead else { throw .cancelled }
        world.pass(process.kind.rawValue, point)
        if process.isDead { throw .cancelled }
    }

    private func pause(_ most: Duration) async throws(HTTPClientError) {
        do {
            try await world.time.sleep(for: random.duration(.milliseconds(5), most))
        } catch {
            throw .cancelled
        }
    }

    // MARK: Telling

    /// Sends what has happened, as often and as late as it comes.
    func tell(_ events: [StripeFake.Event]) {
        for event in events {
            if world.isFaulty, random.chance(faults.losesEvents) {
                world.log.note("stripe loses \(event.id) \(event.type)")
                continue
            }
            for _ in 0...random.below(3) {
                deliveries.append(
                    Task(executorPreference: loop) { [self] in await deliver(event) })
            }
        }
    }

    /// Tries again while nobody says that it has arrived, each time signed anew; not for ever.
    private func deliver(_ event: StripeFake.Event) async {
        var wait = Duration.seconds(1)
        for _ in 0..<6 {
            do {
                try await world.time.sleep(for: random.duration(.milliseconds(5), .seconds(20)))
                guard let gateway else { return }
                _ = try await gateway.deliverWebhook(
                    .init(
                        provider: "stripe", body: Bytes(event.body),
                        signature: event.signature(seconds: fake.seconds)),
                    CallOptions(timeout: .seconds(30), mayRetry: false))
                return
            } catch {
                if Task.isCancelled { return }
                try? await world.time.sleep(for: wait)
                wait = wait * 2
            }
        }
    }

    func stop() {
        for delivery in deliveries { delivery.cancel() }
        deliveries = []
        gateway = nil
    }
}
