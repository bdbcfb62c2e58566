import ServiceRuntime
import Testing

@Suite struct `Threads` {
    @Test func `work and tasks run on the loop's own thread`() async {
        let loop = EventLoop(name: "test")
        let isCurrent = await Task(executorPreference: loop) { loop.isCurrent }.value
        #expect(isCurrent)
        #expect(!loop.isCurrent)
        let fromWork = await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: loop.isCurrent) }
        }
        #expect(fromWork)
        loop.stop()
    }

    @Test func `timers run in order and cancelled ones not at all`() async {
        let loop = EventLoop(name: "test")
        let order = await withCheckedContinuation {
            (continuation: CheckedContinuation<[Int], Never>) in
            loop.execute {
                let seen = Lock<[Int]>([])
                let start = loop.now
                loop.schedule(at: start + .milliseconds(3)) {
                    continuation.resume(returning: seen.withLock { $0 } + [4])
                }
                loop.schedule(at: start + .milliseconds(2)) { seen.withLock { $0.append(2) } }
                let never = loop.schedule(at: start + .milliseconds(2)) {
                    seen.withLock { $0.append(99) }
                }
                loop.schedule(at: start + .milliseconds(2)) { seen.withLock { $0.append(3) } }
                loop.schedule(at: start + .milliseconds(1)) { seen.withLock { $0.append(1) } }
                loop.cancel(never)
            }
        }
        #expect(order == [1, 2, 3, 4])
        loop.stop()
    }

    @Test func `a pool runs what it is given and refuses what it cannot hold`() async throws {
        let pool = WorkerPool(threads: 2, name: "test", queuedMax: 100)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...50 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1275)
        pool.stop()
        #expect(!pool.submit {})
        await #expect(throws: WorkerPool.Overloaded.self) { try await pool.run { 1 } }
    }

    @Test func `a child's lines, exit code and end by signal are seen`() throws {
        let child = try ChildProcess(
            "/bin/sh", ["-c", "echo one; echo $X; exit 3"], environment: ["X": "two"])
        #expect(child.line() == "one")
        #expect(child.line() == "two")
        #expect(child.line() == nil)
        #expect(child.waitForExit() == .code(3))
        let sleeper = try ChildProcess("/bin/sleep", ["100"])
        sleeper.killNow()
        #expect(sleeper.waitForExit() == .signal(9))
        #expect(throws: ChildProcess.StartFailure.self) { try ChildProcess("/nonexistent") }
    }

    @Test func `a process is found by the port at which it listens`() throws {
        let child = try ChildProcess(
            "/usr/bin/python3",
            [
                "-c",
                "import socket,sys; s=socket.create_server(('127.0.0.1',0)); "
                    + "print(s.getsockname()[1], flush=True); sys.stdin.read(); s.accept()",
            ])
        let port = try #require(child.line().flatMap(UInt16.init))
        let found = try #require(ProcessUsage.listening(atPort: port))
        #expect(found.pid == child.pid)
        #expect(found.residentBytes > 1 << 20)
        child.killNow()
        #expect(child.waitForExit() == .signal(9))
        #expect(ProcessUsage.listening(atPort: port) == nil)
    }

    @Test func `a child outlives the thread that asked for it`() async throws {
        let pool = WorkerPool(threads: 1, name: "brief")
        let child = try await pool.run {
            try ChildProcess("/bin/sh", ["-c", "echo begun; sleep 0.3; exit 3"])
        }
        #expect(child.line() == "begun")
        pool.stop()
        #expect(child.waitForExit() == .code(3))
    }
}
