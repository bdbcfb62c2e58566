import CLinux
import Glibc
import ServiceRuntime

/// Sends one request over and over on several kept connections, from one thread.
// Safe: everything but the continuation's result is touched on the loop only.
final class HTTPLoad: @unchecked Sendable {
    struct Sample: Sendable {
        var requestsPerSecond: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
    }

    private let loop: EventLoop
    private let request: [UInt8]
    private var connections: [LoadConnection] = []
    private var durations: [UInt64] = []
    private var isOver = false
    private var failure: BenchFailure?

    init(loop: EventLoop, path: String, token: String) {
        self.loop = loop
        request = Array(
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8
        )
    }

    /// Loads a server for some seconds after a warm-up of a fifth of that.
    func measure(
        _ address: SocketAddress, connections count: Int, seconds: Double
    ) async throws -> Sample {
        try await phase(address, count, seconds: seconds / 5)
        durations = []
        let start = loop.now
        try await phase(address, count, seconds: seconds)
        let elapsed = (loop.now - start).seconds
        let sorted = durations.sorted()
        guard sorted.count > 100 else { throw BenchFailure("\(address) answered too little") }
        return Sample(
            requestsPerSecond: Double(sorted.count) / elapsed,
            p50Microseconds: Double(sorted[sorted.count / 2]) / 1000,
            p99Microseconds: Double(sorted[sorted.count * 99 / 100]) / 1000)
    }

    private func phase(_ address: SocketAddress, _ count: Int, seconds: Double) async throws {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            loop.execute {
                self.isOver = false
                for _ in 0..<count { self.open(address) }
                self.loop.schedule(after: .nanoseconds(Int64(seconds * 1e9))) {
                    self.isOver = true
                    for connection in self.connections { connection.close(self.loop) }
                    self.connections = []
                    continuation.resume()
                }
            }
        }
        if let failure { throw failure }
    }

    private func open(_ address: SocketAddress) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            failure = BenchFailure("cannot connect to \(address)")
            Glibc.close(descriptor)
            return
        }
        let connection = LoadConnection(descriptor: descriptor, load: self)
        connections.append(connection)
        _ = loop.register(descriptor, connection, readable: true, writable: false)
        connection.send(request, at: loop.now)
    }

    fileprivate func answered(_ connection: LoadConnection, status: Int, _ started: Instant) {
        let now = loop.now
        if status != 200 { failure = BenchFailure("an answer had status \(status)") }
        durations.append(now.nanoseconds - started.nanoseconds)
        if !isOver { connection.send(request, at: now) }
    }

    fileprivate func lost() {
        if !isOver { failure = BenchFailure("a connection was closed") }
    }
}

private final class LoadConnection: ReadinessHandler {
    private let descriptor: Int32
    private unowned let load: HTTPLoad
    private var started = Instant(nanoseconds: 0)
    private var input: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    init(descriptor: Int32, load: HTTPLoad) {
        self.descriptor = descriptor
        self.load = load
    }

    func send(_ request: [UInt8], at now: Instant) {
        started = now
        _ = request.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    func close(_ loop: EventLoop) {
        loop.deregister(descriptor)
        Glibc.close(descriptor)
    }

    func ready(readable: Bool, writable: Bool, failed: Bool) {
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return load.lost() }
        input.append(contentsOf: buffer[..<count])
        guard let end = headEnd() else { return }
        let length = contentLength(end)
        guard input.count >= end + length else { return }
        let status = Int(input[9] - 48) * 100 + Int(input[10] - 48) * 10 + Int(input[11] - 48)
        input.removeFirst(end + length)
        load.answered(self, status: status, started)
    }

    private func headEnd() -> Int? {
        guard input.count >= 4 else { return nil }
        for index in 3..<input.count
        where input[index] == 10 && input[index - 1] == 13 && input[index - 2] == 10
            && input[index - 3] == 13
        {
            return index + 1
        }
        return nil
    }

    private static let name = Array("content-length:".utf8)

    private func contentLength(_ end: Int) -> Int {
        var index = 0
        while index + Self.name.count < end {
            let isSame = Self.name.indices.allSatisfy {
                input[index + $0] | 0x20 == Self.name[$0] | 0x20
            }
            if isSame, index > 0, input[index - 1] == 10 {
                var value = 0
                for byte in input[(index + Self.name.count)..<end] where byte != 32 {
                    guard (48...57).contains(byte) else { break }
                    value = value * 10 + Int(byte - 48)
                }
                return value
            }
            index += 1
        }
        return 0
    }
}
