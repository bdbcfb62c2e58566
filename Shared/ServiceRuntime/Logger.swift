internal import Glibc

/// How much a line matters.
package enum LogLevel: Int, Comparable, Sendable, CaseIterable {
    case debug, info, warning, error

    package var name: String { String(describing: self) }

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A field of a log line.
package enum LogValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByStringInterpolation
{
    case text(String)
    case integer(Int64)
    case number(Double)
    case flag(Bool)

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
    package init(_ value: Duration) { self = .number(value.seconds) }
}

/// Writes one JSON object a line (or a readable line on a terminal).
///
/// Fields: ts, level, service, event, msg and those given. Never log secrets or whole prompts.
package struct Logger: Sendable {
    package let service: String
    private let level: LogLevel
    private let isHuman: Bool
    private let time: any TimeSource
    private let fields: [String: LogValue]
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isHuman: A readable line instead of JSON; by default when stderr is a terminal.
    ///   - write: Takes a finished line without its newline; stderr unless told.
    package init(
        service: String, level: LogLevel = .info, isHuman: Bool? = nil,
        time: any TimeSource = SystemTime(),
        write: @escaping @Sendable (String) -> Void = Logger.writeToStandardError
    ) {
        self.init(
            service: service, level: level, isHuman: isHuman ?? (isatty(2) == 1), time: time,
            fields: [:], write: write)
    }

    private init(
        service: String, level: LogLevel, isHuman: Bool, time: any TimeSource,
        fields: [String: LogValue], write: @escaping @Sendable (String) -> Void
    ) {
        self.service = service
        self.level = level
        self.isHuman = isHuman
        self.time = time
        self.fields = fields
        self.write = write
    }

    /// Drops every line; for tests that do not look at the log.
    package static let silent = Logger(service: "silent", isHuman: false, write: { _ in })

    /// The same logger with more fields on each line.
    package func with(_ more: [String: LogValue]) -> Logger {
        Logger(
            service: service, level: level, isHuman: isHuman, time: time,
            fields: fields.merging(more) { $1 }, write: write)
    }

    /// - Parameter event: A stable name for programs: "hold.expired".
    package func debug(
        _ event: String, _ message: String = "", _ fields: [String: LogValue] = [:]
    ) {
        log(.debug, event, message, fields)
    }

    package func info(
        _ event: String, _ message: String = "", _ fields: [String: LogValue] = [:]
    ) {
        log(.info, event, message, fields)
    }

    package func warning(
        _ event: String, _ message: String = "", _ fields: [String: LogValue] = [:]
    ) {
        log(.warning, event, message, fields)
    }

    package func error(
        _ event: String, _ message: String = "", _ fields: [String: LogValue] = [:]
    ) {
        log(.error, event, message, fields)
    }

    /// One `write` call a line, so that lines of several threads never mix.
    package static func writeToStandardError(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        bytes.withUnsafeBytes { _ = Glibc.write(2, $0.baseAddress, $0.count) }
    }

    private func log(
        _ level: LogLevel, _ event: String, _ message: String, _ more: [String: LogValue]
    ) {
        guard level >= self.level else { return }
        let all = fields.merging(more) { $1 }.sorted { $0.key < $1.key }
        write(
            isHuman
                ? humanLine(level, event, message, all) : jsonLine(level, event, message, all))
    }

    private func jsonLine(
        _ level: LogLevel, _ event: String, _ message: String, _ all: [(String, LogValue)]
    ) -> String {
        var line = "{\"ts\":\"\(time.now.rfc3339)\",\"level\":\"\(level.name)\",\"service\":"
        line += jsonText(service)
        line += ",\"event\":"
        line += jsonText(event)
        if !message.isEmpty { line += ",\"msg\":" + jsonText(message) }
        for (key, value) in all {
            line += "," + jsonText(key) + ":" + value.json
        }
        return line + "}"
    }

    private func humanLine(
        _ level: LogLevel, _ event: String, _ message: String, _ all: [(String, LogValue)]
    ) -> String {
        let clock = time.now.rfc3339.dropFirst(11).dropLast()
        let pairs = all.map { " \($0)=\($1.json)" }.joined()
        let mark = level == .info ? "" : " \(level.name.uppercased())"
        return "\(clock) \(service)\(mark) \(event)\(message.isEmpty ? "" : ": \(message)")\(pairs)"
    }
}

extension LogValue {
    fileprivate var json: String {
        switch self {
        case .text(let text): jsonText(text)
        case .integer(let number): String(number)
        case .number(let number): number.isFinite ? String(number) : "null"
        case .flag(let flag): flag ? "true" : "false"
        }
    }
}

/// A JSON string: quotes, backslashes and control characters escaped, so that no value can forge
/// a line or a field.
package func jsonText(_ text: String) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    bytes.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"):
            bytes += Array("\\n".utf8)
        case 0..<0x20, 0x7F:
            bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default:
            bytes.append(byte)
        }
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
}
