internal import Glibc

/// A free port of the loopback interface that is nobody else's until this object goes.
///
/// A socket stays bound to it and never listens. Bound without SO_REUSEADDR, it is not given away
/// again; given the option afterwards, it lets the service that is told of the port listen there,
/// and again after a restart (`inet_csk_bind_conflict` in Linux: two sockets that both have the
/// option conflict only when one listens).
package final class ReservedPort: Sendable {
    package let number: UInt16
    private let descriptor: Int32

    /// Why no port could be had.
    package struct Unavailable: Error, Hashable, Sendable, CustomStringConvertible {
        /// The `errno` of the call that failed.
        package let code: Int32

        package var description: String {
            "cannot reserve a port: \(String(cString: strerror(code)))"
        }
    }

    package init() throws(Unavailable) {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Unavailable(code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var on: Int32 = 1
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, size) == 0,
                    getsockname(descriptor, pointer, &size) == 0
                else { return Int32(-1) }
                return setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw Unavailable(code: code)
        }
        self.descriptor = descriptor
        number = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
