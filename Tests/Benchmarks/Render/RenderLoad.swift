import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// Asks a render service for moves, as many at a time or a second as wanted. Every request differs
/// a little from the others, so that none is answered from a cache.
struct RenderLoad {
    /// How requests arrive.
    enum Arrival {
        /// So many are always under way: the next begins when one ends.
        case closed(concurrency: Int)
        /// So many begin a second, whether others have ended or not; a wait counts as latency.
        case open(perSecond: Double)
    }

    struct Sample {
        var seconds = 0.0
        var frames = 0
        var bytes = 0
        /// Of the requests that succeeded.
        var milliseconds: [Double] = []
        var firstFrameMilliseconds: [Double] = []
        /// How often each error came.
        var errors: [String: Int] = [:]
        /// What the first of each said.
        var reasons: [String: String] = [:]

        /// For people: how often each came and what the first said.
        var errorLines: [String] {
            errors.sorted { $0.key < $1.key }.map { name, count in
                "\(count) × \(name): \(reasons[name] ?? "")"
            }
        }

        func percentile(_ share: Double, of values: [Double]) -> Double {
            let sorted = values.sorted()
            guard !sorted.isEmpty else { return .nan }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
    }

    private let client: RenderAPI.Client
    private let loop: EventLoop
    /// All but the move and its variation.
    private let template: RenderAPI.MoveRequest
    private let moves: [String]
    /// Requests begun so far, in all measurements: each is another, and another than in the run
    /// before, whose results the service may still have.
    private let counter = Lock(Int.random(in: 0..<50_000_000))

    private static let timeout = Duration.seconds(60)

    init(
        client: RenderAPI.Client, loop: EventLoop, template: RenderAPI.MoveRequest,
        moves: [String]
    ) {
        self.client = client
        self.loop = loop
        self.template = template
        self.moves = moves
    }

    func measure(_ arrival: Arrival, seconds: Double) async throws -> Sample {
        let clock = SystemTime()
        let results = Lock(Sample())
        let begin = clock.instant
        let end = begin + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            switch arrival {
            case .closed(let concurrency):
                for _ in 0..<concurrency {
                    group.addTask(executorPreference: loop) {
                        while clock.instant < end {
                            await self.request(results, from: clock.instant)
                        }
                    }
                }
            case .open(let perSecond):
                var arrivals = 0
                while true {
                    let due = begin + .seconds(Double(arrivals) / perSecond)
                    guard due < end else { break }
                    let wait = due - clock.instant
                    if wait > .zero { try await clock.sleep(for: wait) }
                    group.addTask(executorPreference: loop) {
                        await self.request(results, from: due)
                    }
                    arrivals += 1
                }
            }
            try await group.waitForAll()
        }
        var sample = results.withLock { $0 }
        sample.seconds = (clock.instant - begin).seconds
        return sample
    }

    private func request(
        _ results: Lock<Sample>, from begin: Instant
    ) async {
        let clock = SystemTime()
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        var request = template
        request.move = moves[number % moves.count]
        // A ten-billionth of the strength: another result, the same work.
        request.strength = 0.4 + Double(number) * 1e-10
        do {
            let stream = try await client.renderMove(request, CallOptions(timeout: Self.timeout))
            var bytes = 0
            var frames = 0
            var first: Instant?
            while let chunk = try await stream.next() {
                switch chunk.part {
                case .header(let header): frames = Int(header.frames)
                case .data(let data), .poster(let data):
                    if first == nil { first = clock.instant }
                    bytes += data.count
                case .frame, .progress, .end, nil: continue
                }
            }
            let (done, seen) = (clock.instant, first ?? clock.instant)
            results.withLock { sample in
                sample.frames += frames
                sample.bytes += bytes
                sample.milliseconds.append((done - begin).seconds * 1000)
                sample.firstFrameMilliseconds.append((seen - begin).seconds * 1000)
            }
        } catch {
            let name = error.domainCode.isEmpty ? "\(error.code)" : error.domainCode
            results.withLock { sample in
                sample.errors[name, default: 0] += 1
                if sample.reasons[name] == nil { sample.reasons[name] = error.message }
            }
        }
    }
}
