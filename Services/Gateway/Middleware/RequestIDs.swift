internal import HTTP
internal import ServiceRuntime

/// Names each request, so that an answer, a log line and a ledger row can be matched.
struct RequestIDs: Sendable {
    private let prefix: String
    private let count = Lock<UInt64>(0)

    /// Ids are unique: a random part of the process and a number.
    init(random: RandomSource) {
        prefix = Identifier.text("req", random.bytes(8))
    }

    /// The caller's X-Request-Id when it is sane, else a new one.
    func id(for request: HTTPRequest) -> String {
        if let given = request.headers["X-Request-Id"], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy(Self.isPlain)
        {
            return given
        }
        let number = count.withLock { count in
            count += 1
            return count
        }
        return "\(prefix)\(String(number, radix: 36))"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
