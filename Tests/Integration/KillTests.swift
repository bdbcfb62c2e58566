import Foundation
import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

/// The rounds of the kill test: each kills every service once. 25 unless told.
private let rounds = Int(ProcessInfo.processInfo.environment["KILL_ROUNDS"] ?? "") ?? 25
/// Repeats a run: the seed is printed when the test begins.
private let seed =
    UInt64(ProcessInfo.processInfo.environment["KILL_SEED"] ?? "")
    ?? UInt64.random(in: 1...1_000_000)

/// What one user's client saw: enough to say what it must have been charged, at least and at most.
private struct Seen: Sendable {
    var delivered = 0
    var unknown = 0
}

@Suite struct `Kills` {
    @Test(.timeLimit(.minutes(8)))
    func `kill -9 of every service under load loses and overcharges nothing`() async throws {
        print("kill test: KILL_SEED=\(seed) KILL_ROUNDS=\(rounds)")
        let set = try await RunningSet(environment: ["CREDITS_STARTER_GRANT": "5000"])
        let random = RandomSource.seeded(seed)
        let isOver = Lock(false)
        let services = ["session", "credits", "prompt", "media", "render", "gateway"]

        let kills = try await withThrowingTaskGroup(of: [String: Int].self) { group in
            for worker in 0..<3 {
                group.addTask {
                    await Self.work(set, worker: worker, isOver: isOver)
                    return [:]
                }
            }
            group.addTask {
                defer { isOver.withLock { $0 = true } }
                var kills: [String: Int] = [:]
                for round in 0..<rounds {
                    for service in services.shuffled(by: random) {
                        try await Task.sleep(for: random.jitter(.milliseconds(400)))
                        // Every other round also strikes services that are only just starting.
                        let pid = try await Self.victim(
                            in: set, service, mustBeReady: round.isMultiple(of: 2))
                        kill(pid, SIGKILL)
                        kills[service, default: 0] += 1
                    }
                }
                return kills
            }
            var all: [String: Int] = [:]
            for try await part in group { all.merge(part) { $0 + $1 } }
            return all
        }
        for service in services {
            #expect(kills[service] == rounds, "\(service)")
            _ = try await Self.victim(in: set, service, mustBeReady: true)
        }

        // Everything that was begun comes to an end by itself.
        var isQuiet = false
        for _ in 0..<240 where !isQuiet {
            try await Task.sleep(for: .milliseconds(500))
            let (code, text) = (try? await set.command("session", ["verify"])) ?? (-1, "")
            isQuiet = code == 0 && text.contains(", 0 operations at work")
        }
        #expect(isQuiet, "an operation is stuck")
        for command in ["credits", "media", "session"] {
            let (code, text) = try await set.command(command, ["verify"])
            #expect(code == 0, "\(command) verify: \(text)")
        }
        try await Self.checkCharges(set)
        #expect(try await set.stop() == .code(0))
    }

    /// The process of a service; one that is down at this moment is waited for.
    private static func victim(
        in set: RunningSet, _ service: String, mustBeReady: Bool
    ) async throws -> Int32 {
        for _ in 0..<600 {
            if let pid = set.process(service), !mustBeReady || set.isListening(service) {
                return pid
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw RunningSet.Failure(description: "\(service) stays down")
    }

    private static let users = Lock<[PublicAPI]>([])

    /// One user who keeps starting sessions and choosing, whatever happens to the services.
    private static func work(_ set: RunningSet, worker: Int, isOver: Lock<Bool>) async {
        var user: PublicAPI?
        var step = 0
        while !isOver.withLock({ $0 }), !Task.isCancelled {
            guard let current = user else {
                user = try? await PublicAPI.guest(set)
                if let user { users.withLock { $0.append(user) } }
                continue
            }
            step += 1
            await flow(current, "\(worker)-\(step)")
        }
    }

    private static func flow(_ user: PublicAPI, _ name: String) async {
        let active = try? await user.get("/api/convergence/session/active")
        if let id = active?.json["session"]?["id"]?.text
            ?? active?.json["session"]?["sessionId"]?.text
        {
            _ = try? await user.command("abandon", id)
        }
        guard
            let started = try? await user.post(
                "/api/convergence/start", ["intent": .text("a fox by the sea \(name)")],
                key: "start-\(name)"),
            let session = started.json["sessionId"]?.text
        else { return }
        for (dimension, option) in [
            ("direction", "cinematic"), ("mood", "peaceful"), ("framing", "medium"),
        ] {
            _ = try? await user.select(session, dimension, option, key: "\(dimension)-\(name)")
        }
        _ = try? await user.command("regenerate", session, [("dimension", "mood")])
        _ = try? await user.select(session, "lighting", "blue_hour", key: "lighting-\(name)")
        _ = try? await user.command("camera-motion", session, key: "camera-\(name)")
    }

    /// For every user: nothing is held, and what was charged is what the sessions say was delivered.
    private static func checkCharges(_ set: RunningSet) async throws {
        let all = users.withLock { $0 }
        #expect(!all.isEmpty)
        for user in all {
            let credits = try await user.credits()
            #expect(credits.held == "0")
            let sessions = try await user.get("/api/convergence/sessions?limit=100")
            let rows = sessions.json["sessions"]?.array ?? sessions.json["data"]?.array ?? []
            let delivered = rows.reduce(0) { sum, session in
                sum + (session["totalCreditsConsumed"]?.integer ?? 0)
            }
            #expect(
                credits.balance == String(5000 - delivered),
                "\(rows.count) sessions say \(delivered)")
            for session in rows {
                for images in session["images"]?.array ?? [] {
                    guard let link = images["url"]?.text else { continue }
                    #expect(try await user.get(link).status == 200)
                }
            }
        }
    }
}

extension Array {
    /// A permutation drawn from `random`.
    fileprivate func shuffled(by random: RandomSource) -> [Element] {
        var result = self
        for index in result.indices.reversed() where index > 0 {
            result.swapAt(index, Int(random.nextUInt64() % UInt64(index + 1)))
        }
        return result
    }
}
