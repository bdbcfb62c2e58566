package import ServiceRuntime

/// How a ``Database`` works; the defaults are right for a service.
package struct DatabaseOptions: Sendable {
    /// Short name of the store, used by `CRASH_AT`; by default the file's name without ".db".
    package var name: String?
    /// Connections for ``Database/scan(_:)``, each on a thread of its own; 1...16.
    package var scanners = 2
    /// Runs every write and read on the caller's thread, one at a time and each in a transaction of
    /// its own, so that a simulation is repeatable. Required for a store in memory.
    package var isInline = false
    /// Writes that may wait; more are refused with ``StorageError/overloaded``.
    package var waitingMax = 10_000
    /// Writes in a group from which on no more join it.
    package var groupMax = 256
    /// Pages in the log from which on it is copied into the file; a page has 4,096 bytes.
    package var checkpointPages = 1_000
    /// How long to wait for a lock that another connection holds, in milliseconds.
    package var busyTimeoutMs = 5_000
    /// Largest size of the file, in pages; nil for no limit but the disk's.
    package var pageCountMax: Int?
    /// Faults to inject; by default those that the variable `CRASH_AT` asks for.
    package var faults: StorageFaults?
    /// Runs the writer's and the readers' work in place of threads, for simulation.
    package var executor: WorkerPool.Executor?
    /// Name of the registered SQLite file system that opens the file; nil for the usual one.
    package var fileSystem: String?
    /// A defect that a test plants.
    package var mutant: Mutant?
    /// The clock that dates migrations and measures commits.
    package var time: any TimeSource = SystemTime()

    package init() {}
}
