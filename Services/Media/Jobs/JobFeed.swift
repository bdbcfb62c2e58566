internal import ServiceRuntime

/// Tells who watches jobs that one of them changed. Nothing polls: a watcher sleeps until then.
package final class JobFeed: Sendable {
    /// One watcher and the changed jobs it has not seen yet: at most those it watches, however slow
    /// it is.
    package final class Watch: Sendable {
        fileprivate let ids: Set<String>
        /// Watchers are told in the order of their coming.
        fileprivate let number: UInt64
        private let changed: Lock<Set<String>>
        private let bell = Doorbell()

        fileprivate init(ids: Set<String>, number: UInt64) {
            self.ids = ids
            self.number = number
            changed = Lock(ids)
        }

        fileprivate func note(_ id: String) {
            changed.withLock { _ = $0.insert(id) }
            bell.ring()
        }

        fileprivate func noteAll() {
            changed.withLock { $0.formUnion(ids) }
            bell.ring()
        }

        /// The jobs that changed since the last call; at first all of them. Empty only when the task
        /// is cancelled.
        package func next() async -> Set<String> {
            while !Task.isCancelled {
                let ids = changed.withLock { changed in
                    defer { changed = [] }
                    return changed
                }
                if !ids.isEmpty { return ids }
                await bell.wait()
            }
            return []
        }
    }

    private struct State {
        var watches: [UInt64: Watch] = [:]
        var number: UInt64 = 0
        var progress: [String: Double] = [:]
        var isClosed = false
    }

    private let state = Lock(State())

    package init() {}

    /// Begins to watch; what changes from now on is not missed.
    package func watch(_ ids: Set<String>) -> Watch {
        state.withLock { state in
            state.number += 1
            let watch = Watch(ids: ids, number: state.number)
            state.watches[watch.number] = watch
            return watch
        }
    }

    package func end(_ watch: Watch) {
        state.withLock { _ = $0.watches.removeValue(forKey: watch.number) }
    }

    /// Wakes every watcher for the last time: the process ends.
    package func close() {
        let watches = state.withLock { state in
            state.isClosed = true
            return Array(state.watches.values)
        }
        for watch in watches { watch.noteAll() }
    }

    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Tells that the stored state of a job changed.
    package func changed(_ id: String) {
        let watches = state.withLock { state in
            state.watches.values.filter { $0.ids.contains(id) }
                .sorted { $0.number < $1.number }
        }
        for watch in watches { watch.note(id) }
    }

    /// Notes how far a running job is; kept in memory only.
    package func progress(_ id: String, _ share: Double) {
        state.withLock { $0.progress[id] = share }
        changed(id)
    }

    package func progress(of id: String) -> Double? { state.withLock { $0.progress[id] } }

    package func forgetProgress(of id: String) {
        state.withLock { _ = $0.progress.removeValue(forKey: id) }
    }
}
