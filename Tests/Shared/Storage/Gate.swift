import Glibc
import ServiceRuntime

/// Holds a closure on the store's thread until the test lets it go on.
final class Gate: Sendable {
    private struct State {
        var isReached = false
        var isOpen = false
    }

    private let state = Lock(State())

    /// Called on the store's thread: waits until the gate is open.
    func wait() {
        state.withLock { $0.isReached = true }
        while !state.withLock({ $0.isOpen }) { usleep(200) }
    }

    /// Returns once somebody waits.
    func reached() async {
        while !state.withLock({ $0.isReached }) { await Task.yield() }
    }

    /// Opens the gate once a condition holds.
    func open(when condition: () -> Bool = { true }) async {
        while !condition() { await Task.yield() }
        state.withLock { $0.isOpen = true }
    }
}

func mode(of path: String) -> UInt32? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}

func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}
