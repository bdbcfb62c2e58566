import RPC
import ServiceRuntime

/// Harms a saga at a chosen call: before the call has any effect, or after it with its answer lost.
final class Tripwire: Sendable {
    enum Harm: Sendable, CaseIterable {
        /// Nothing gets through any more: the process is as good as dead.
        case dies
        /// This one time the call fails.
        case loses
        /// The call arrives twice, or its answer does.
        case repeats
    }

    private struct State {
        var harm = Harm.dies
        var passed = 0
        var at: Int?
        var name: String?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Lock(State())

    /// Trips at the n-th point from now; a call has two, one on each side of its effect.
    func arm(at point: Int, _ harm: Harm = .dies) {
        state.withLock { $0 = State(harm: harm, at: point) }
    }

    func disarm() { state.withLock { $0.at = nil } }

    /// Where it tripped; nil when it did not.
    var tripped: String? { state.withLock { $0.name } }

    /// Returns once it has tripped, or once `finish` was called.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.name != nil { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Lets those who wait go, whether it tripped or not.
    func finish() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Trips now: what stopped the process is not on the wire.
    func kill(_ name: String) {
        state.withLock { state in
            state.harm = .dies
            state.at = 0
            state.name = name
        }
        finish()
    }

    func around<Value>(
        _ name: String, _ effect: () throws(RPCError) -> Value
    ) async throws(RPCError) -> Value {
        if try pass("before \(name)") { _ = try effect() }
        let value = try effect()
        _ = try pass("after \(name)")
        return value
    }

    /// - Returns: Whether what happens here happens twice.
    func pass(_ name: String) throws(RPCError) -> Bool {
        let (isCut, isTwice) = state.withLock { state -> (Bool, Bool) in
            guard let at = state.at else { return (false, false) }
            if state.name != nil { return (state.harm == .dies, false) }
            state.passed += 1
            guard state.passed > at else { return (false, false) }
            state.name = name
            return (state.harm != .repeats, state.harm == .repeats)
        }
        guard isCut || isTwice else { return false }
        finish()
        if isCut { throw RPCError(.unavailable, "UNAVAILABLE", "Cut at \(name).") }
        return true
    }
}
