internal import Glibc
internal import ServiceRuntime

/// A seam at the steps of a commit, where tests crash the process or let a step fail.
package struct StorageFaults: Sendable {
    /// A step at which a fault can strike.
    package enum Point: String, CaseIterable, Sendable {
        /// A migration has run and is not yet committed.
        case beforeMigrationCommit = "migration.before"
        /// The transaction of a group has begun.
        case afterBegin = "begin.after"
        /// All parts of the group have run; COMMIT comes next.
        case beforeCommit = "commit.before"
        /// The group is on disk; nobody has been told yet.
        case afterCommit = "commit.after"
        /// Everybody has been told; the log may be copied into the file next.
        case afterAnswers = "answers.after"
    }

    private let strike: @Sendable (Point) throws(StorageError) -> Void

    /// - Parameter strike: Called at each point, on the writer's thread. What it throws is treated
    ///   as the failure of that step.
    package init(_ strike: @escaping @Sendable (Point) throws(StorageError) -> Void) {
        self.strike = strike
    }

    /// No faults.
    package static let none = StorageFaults { _ in }

    /// The faults that `CRASH_AT` asks for: `credits.commit.after#2` ends the process, as kill -9
    /// would, when the store named `credits` passes that point for the second time. None when the
    /// variable is not set or names another store.
    package static func fromEnvironment(storeName: String) -> StorageFaults {
        guard let value = getenv("CRASH_AT") else { return .none }
        let parts = String(cString: value).split(separator: "#")
        guard let name = parts.first, name.hasPrefix(storeName + "."),
            let point = Point(rawValue: String(name.dropFirst(storeName.count + 1)))
        else { return .none }
        let remaining = Lock(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        return StorageFaults { reached in
            guard reached == point else { return }
            let isDue = remaining.withLock { count in
                count -= 1
                return count == 0
            }
            if isDue { kill(getpid(), SIGKILL) }
        }
    }

    func pass(_ point: Point) throws(StorageError) {
        try strike(point)
    }
}
