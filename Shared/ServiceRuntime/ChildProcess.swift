internal import CLinux
internal import Glibc

/// A program that this process started and that ends with it.
// Safe: `output` is read by one caller of `line` at a time; the rest does not change after init.
package final class ChildProcess: @unchecked Sendable {
    /// Why a program could not be started.
    package struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// How a program ended.
    package enum Exit: Hashable, Sendable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        package var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)"
            }
        }
    }

    package let pid: Int32
    private let output: UnsafeMutablePointer<FILE>

    /// Starts a program with its stdout on a pipe, which ``line()`` reads.
    ///
    /// It gets SIGTERM when this process ends.
    /// - Parameters:
    ///   - environment: Added to this process's own; a given name wins.
    ///   - errorFile: Where its stderr is appended; nil = this process's stderr.
    package init(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:],
        errorFile: String? = nil
    ) throws(StartFailure) {
        var ends: [Int32] = [-1, -1]
        guard linux_pipe(&ends) == 0 else {
            throw StartFailure(description: "cannot start \(path): \(Self.errorText())")
        }
        defer { close(ends[1]) }
        var errors: Int32 = -1
        if let errorFile {
            errors = open(errorFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        }
        defer { if errors >= 0 { close(errors) } }
        let (child, reason) = Self.spawn(
            path, arguments, Self.merged(environment), output: ends[1], errors: errors)
        guard child > 0, let file = fdopen(ends[0], "r") else {
            close(ends[0])
            throw StartFailure(description: "cannot start \(path): \(reason)")
        }
        pid = child
        output = file
    }

    deinit { fclose(output) }

    /// The next line of its stdout without the newline, or nil at the end. Blocks the thread.
    package func line() -> String? {
        var pointer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(pointer) }
        let count = getline(&pointer, &capacity, output)
        guard count > 0, let pointer else { return nil }
        let text = String(cString: pointer)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Waits for its end. Blocks the thread; once.
    package func waitForExit() -> Exit {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, linux_errno() == EINTR {}
        let number = status & 0x7F
        return number == 0 ? .code(status >> 8 & 0xFF) : .signal(number)
    }

    /// Asks it to end (SIGTERM).
    package func terminate() { kill(pid, SIGTERM) }

    /// Ends it at once (SIGKILL).
    package func killNow() { kill(pid, SIGKILL) }

    /// CPU time used so far, user and system, in seconds.
    package var cpuSeconds: Double { ProcessUsage(pid: pid).cpuSeconds }

    /// Resident memory, in bytes.
    package var residentBytes: Int { ProcessUsage(pid: pid).residentBytes }

    /// The kernel tells a child of the end of the *thread* that forked it (prctl(2),
    /// PR_SET_PDEATHSIG), so this one forks them all and never ends.
    private static let spawner = WorkerPool(threads: 1, name: "spawner")

    private static func spawn(
        _ path: String, _ arguments: [String], _ settings: [String], output: Int32, errors: Int32
    ) -> (child: pid_t, reason: String) {
        spawner.runAndWait {
            var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
            words.append(nil)
            var lines: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) }
            lines.append(nil)
            let child = linux_spawn(path, &words, &lines, output, errors)
            let reason = errorText()
            for word in words + lines { free(word) }
            return (child, reason)
        }
    }

    private static func merged(_ extra: [String: String]) -> [String] {
        var all = Environment.current
        all.merge(extra) { $1 }
        return all.map { "\($0)=\($1)" }
    }

    private static func errorText() -> String { String(cString: strerror(linux_errno())) }
}
