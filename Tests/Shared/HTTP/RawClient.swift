import Glibc
import ServiceRuntime

/// Where clients wait: a test that blocked its own thread would keep others from running at all.
private let waiting = WorkerPool(threads: 32, name: "raw-clients")

/// Sends raw bytes in pieces and reads until the server closes or `timeout` passes without a byte.
struct RawClient {
    let descriptor: Int32

    init(port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(connected == 0, "cannot connect to port \(port)")
    }

    private func receive(_ buffer: inout [UInt8]) -> Int {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, 3000) == 1 else { return -1 }
        return recv(descriptor, &buffer, buffer.count, 0)
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Writes what may be more than the sockets hold.
    func send(_ text: String) async -> Bool {
        (try? await waiting.run { self.write(text) }) ?? false
    }

    /// False when the server has closed.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Everything up to the close; `isClosed` is false when the read timed out first.
    func readToEnd() async -> (text: String, isClosed: Bool) {
        (try? await waiting.run { self.readToEndWaiting() }) ?? ("", false)
    }

    private func readToEndWaiting() -> (text: String, isClosed: Bool) {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = receive(&buffer)
            if count == 0 { return (String(decoding: received, as: UTF8.self), true) }
            if count < 0 {
                return (String(decoding: received, as: UTF8.self), errno == ECONNRESET)
            }
            received += buffer[..<count]
        }
    }

    /// At least `count` bytes, or what came before the end.
    func read(atLeast count: Int = 1) async -> String {
        (try? await waiting.run { self.readWaiting(count) }) ?? ""
    }

    private func readWaiting(_ count: Int) -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while received.count < count {
            let got = receive(&buffer)
            if got <= 0 { break }
            received += buffer[..<got]
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// Tells the server that nothing more will be sent.
    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    func close() { _ = Glibc.close(descriptor) }
}

/// The answers in what a server sent, by their Content-Length or chunks.
struct RawAnswer {
    let status: Int
    let head: String
    let body: String

    /// Nil when the bytes are no row of whole answers to requests that were not HEAD.
    static func all(in text: String) -> [RawAnswer]? {
        var rest = Substring(text)
        var answers: [RawAnswer] = []
        while !rest.isEmpty {
            guard rest.hasPrefix("HTTP/1.1 "), let status = Int(rest.dropFirst(9).prefix(3)),
                let end = rest.firstRange(of: "\r\n\r\n")
            else { return nil }
            let head = String(rest[..<end.upperBound])
            rest = rest[end.upperBound...]
            var length = 0
            if let field = head.firstRange(of: "Content-Length: ") {
                length = Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
            }
            guard rest.utf8.count >= length else { return nil }
            answers.append(
                RawAnswer(status: status, head: head, body: String(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return answers
    }
}
