import Glibc
import Launcher
import Testing

@Suite struct `A reserved port` {
    /// A socket that listens at a port, as a service's does; -1 when it cannot.
    private func listen(at port: UInt16, reusing: Bool) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = reusing ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, Glibc.listen(descriptor, 8) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    @Test func `a service listens there, and again after a restart`() throws {
        let port = try ReservedPort()
        for _ in 0..<3 {
            let service = listen(at: port.number, reusing: true)
            #expect(service >= 0)
            #expect(listen(at: port.number, reusing: true) == -1, "two services at one port")
            close(service)
        }
    }

    @Test func `nobody else is given it`() throws {
        let ports = try (0..<400).map { _ in try ReservedPort() }
        #expect(Set(ports.map(\.number)).count == 400)
        withExtendedLifetime(ports) {
            #expect(listen(at: ports[0].number, reusing: false) == -1)
        }
    }
}
