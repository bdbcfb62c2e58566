internal import Glibc
internal import ServiceRuntime

/// A seam at the steps of a job, where tests end the process or abandon the work.
package struct MediaFaults: Sendable {
    /// A step at which a fault can strike.
    package enum Point: String, CaseIterable, Sendable {
        /// The claim of a job is on disk.
        case claimed = "job.claimed"
        /// The row says that a provider is being asked.
        case submitted = "job.submitted"
        /// The provider has answered.
        case generated = "job.generated"
        /// The row says that the result is being stored.
        case storing = "job.storing"
        /// A temporary file is written and flushed.
        case blobWritten = "blob.written"
        /// A file has its final name, its folder is not flushed.
        case blobMoved = "blob.moved"
        /// All files are durable; the rows come next.
        case blobsStored = "job.blobs"
        /// The rows are on disk; nobody has been told.
        case stored = "job.stored"
    }

    /// Thrown by a test's fault: the worker drops everything and writes nothing more, as if its
    /// process had ended.
    package struct Crash: Error, Hashable, Sendable {
        package init() {}
    }

    private let strike: @Sendable (Point) throws -> Void

    package init(_ strike: @escaping @Sendable (Point) throws -> Void) {
        self.strike = strike
    }

    /// No faults.
    package static let none = MediaFaults { _ in }

    /// The faults that `CRASH_AT` asks for: `media.job.generated#2` ends the process, as kill -9
    /// would, when it passes that point for the second time.
    package static func fromEnvironment() -> MediaFaults {
        guard let value = getenv("CRASH_AT") else { return .none }
        let parts = String(cString: value).split(separator: "#")
        guard let name = parts.first, name.hasPrefix("media."),
            let point = Point(rawValue: String(name.dropFirst("media.".count)))
        else { return .none }
        let remaining = Lock(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        return MediaFaults { reached in
            guard reached == point else { return }
            let isDue = remaining.withLock { count in
                count -= 1
                return count == 0
            }
            if isDue { kill(getpid(), SIGKILL) }
        }
    }

    package func pass(_ point: Point) throws { try strike(point) }
}
