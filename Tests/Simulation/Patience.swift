import RPC
import ServiceRuntime

/// How users of a simulation call: under the same idempotency key until somebody says yes or no, as
/// a patient client does. What may have happened twice has happened once.
struct Patience: Sendable {
    let user: String
    let world: Simulation
    let random: RandomSource

    /// A definite answer; nil when the user was sent home.
    func insist<Value: Sendable>(
        _ key: String = "", _ body: (CallOptions) async throws(RPCError) -> Value
    ) async -> Result<Value, RPCError>? {
        // Ends with a sign of its own, so that none is the beginning of another.
        let key = key.isEmpty ? nil : "\(user)-\(key)."
        let options = CallOptions(
            timeout: .seconds(5), metadata: CallMetadata(idempotencyKey: key),
            mayRetry: random.chance(0.5))
        while !Task.isCancelled {
            do throws(RPCError) {
                return .success(try await body(options))
            } catch {
                if Self.isDefinite(error) {
                    if let key { world.network.refuse(key) }
                    return .failure(error)
                }
                if error.code == .internal || error.code == .dataLoss {
                    world.violation("I20: \(user) was answered \(error)")
                    return nil
                }
            }
            await pause(.milliseconds(100), .seconds(2))
        }
        return nil
    }

    private static func isDefinite(_ error: RPCError) -> Bool {
        switch error.code {
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied,
            .failedPrecondition, .outOfRange, .unimplemented, .unauthenticated:
            true
        case .unavailable, .deadlineExceeded, .aborted, .resourceExhausted, .cancelled, .unknown,
            .internal, .dataLoss:
            false
        }
    }

    func pause(_ least: Duration, _ most: Duration) async {
        try? await world.time.sleep(for: random.duration(least, most))
    }
}
