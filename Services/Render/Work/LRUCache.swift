internal import ServiceRuntime

/// Keeps the most recently used values within a budget of bytes.
package final class LRUCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var costBytes: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
    }

    private let budgetBytes: Int
    private let state = Lock(State())

    package init(budgetBytes: Int) {
        self.budgetBytes = budgetBytes
    }

    package subscript(key: Key) -> Value? {
        state.withLock { state in
            guard state.entries[key] != nil else { return nil }
            state.clock += 1
            state.entries[key]?.lastUse = state.clock
            return state.entries[key]?.value
        }
    }

    /// Keeps a value and drops the least recently used ones until the budget holds; a value larger
    /// than the whole budget is not kept. Dropping looks at every entry: there are few large ones.
    package func insert(_ value: Value, for key: Key, costBytes: Int) {
        state.withLock { state in
            if let old = state.entries.removeValue(forKey: key) { state.bytes -= old.costBytes }
            guard costBytes <= budgetBytes else { return }
            state.clock += 1
            state.entries[key] = Entry(
                value: value, costBytes: costBytes, lastUse: state.clock)
            state.bytes += costBytes
            while state.bytes > budgetBytes,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries.removeValue(forKey: oldest.key)
                state.bytes -= oldest.value.costBytes
            }
            assert(state.bytes >= 0 && state.bytes <= budgetBytes)
        }
    }

    /// Bytes held now.
    package var heldBytes: Int { state.withLock { $0.bytes } }
}
