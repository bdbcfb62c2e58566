internal import ServiceRuntime

/// A value that the first who needs it makes, on its own thread, while the others wait for it.
///
/// When the first is stopped it goes on for as long as somebody waits; with nobody left it stops,
/// and the next who needs the value makes it anew.
package final class MadeOnce<Value: Sendable>: Sendable {
    /// How often a thread that waits looks again.
    private static var pause: Duration { .milliseconds(1) }

    private struct State {
        var value: Value?
        var isBeingMade = false
        var waiting = 0
    }

    private enum Turn {
        case made(Value)
        case mine, anothers
    }

    private let state = Lock(State())

    package init() {}

    /// - Parameters:
    ///   - mustStop: Whether the caller needs it no more; asked every millisecond or so.
    ///   - isKept: Whether a value is for the others as well; else each makes its own.
    ///   - make: Its argument answers whether nobody needs the value any more.
    /// - Throws: What `make` throws, or ``RenderFailure/stopped``.
    package func value(
        mustStop: () -> Bool, isKept: (Value) -> Bool = { _ in true },
        make: (_ mustStop: () -> Bool) throws(RenderFailure) -> Value
    ) throws(RenderFailure) -> Value {
        var isWaiting = false
        defer { if isWaiting { state.withLock { $0.waiting -= 1 } } }
        while true {
            switch turn(&isWaiting) {
            case .made(let value): return value
            case .anothers:
                if mustStop() { throw .stopped }
                Machine.pause(Self.pause)
            case .mine:
                do throws(RenderFailure) {
                    let value = try withoutActuallyEscaping(mustStop) {
                        mustStop throws(RenderFailure) in
                        try make { mustStop() && state.withLock { $0.waiting == 0 } }
                    }
                    state.withLock { state in
                        if isKept(value) { state.value = value }
                        state.isBeingMade = false
                    }
                    return value
                } catch {
                    state.withLock { $0.isBeingMade = false }
                    throw error
                }
            }
        }
    }

    private func turn(_ isWaiting: inout Bool) -> Turn {
        state.withLock { state in
            if let value = state.value { return .made(value) }
            guard state.isBeingMade else {
                state.isBeingMade = true
                if isWaiting { state.waiting -= 1 }
                isWaiting = false
                return .mine
            }
            if !isWaiting { state.waiting += 1 }
            isWaiting = true
            return .anothers
        }
    }
}
