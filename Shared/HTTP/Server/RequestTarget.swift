/// Splits and checks the target of a request line before anything trusts it.
struct RequestTarget: Hashable {
    let path: String
    let query: String

    enum Failure: Error, Hashable {
        /// Dot segments, encoded slashes, NUL, control characters, broken escapes.
        case badPath
        /// Not a path, or an absolute URL for another host.
        case badRequest(String)
    }

    /// - Parameter host: The value of the Host field, for targets in absolute form.
    init(_ target: String, host: String?) throws(Failure) {
        var rest = Substring(target)
        if !rest.hasPrefix("/") {
            guard rest.lowercased().hasPrefix("http://") else {
                throw .badRequest("The request target is not a path.")
            }
            rest = rest.dropFirst(7)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard let host, String(rest[..<end]).isEqualIgnoringCase(host) else {
                throw .badRequest("The request target names another host.")
            }
            rest = rest[end...]
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        let bytes = rest.utf8
        let question = bytes.firstIndex(of: UInt8(ascii: "?"))
        let rawPath = bytes[..<(question ?? bytes.endIndex)]
        guard Self.isSafe(rawPath) else { throw .badPath }
        path = String(Substring(rawPath))
        query = question.map { String(Substring(bytes[bytes.index(after: $0)...])) } ?? ""
    }

    private static func isSafe(_ path: Substring.UTF8View.SubSequence) -> Bool {
        var segment: [UInt8] = []
        var isSegmentPlain = true
        var index = path.startIndex
        var dots = 0
        var length = 0
        // The common case has no escapes: one pass, nothing allocated.
        func endsBadly() -> Bool {
            if isSegmentPlain { return length > 0 && dots == length && length <= 2 }
            return segment == [0x2E] || segment == [0x2E, 0x2E]
        }
        while index != path.endIndex {
            var byte = path[index]
            path.formIndex(after: &index)
            switch byte {
            case UInt8(ascii: "/"):
                if endsBadly() { return false }
                segment.removeAll(keepingCapacity: true)
                isSegmentPlain = true
                dots = 0
                length = 0
                continue
            case UInt8(ascii: "%"):
                guard index != path.endIndex, let high = PercentCoding.hexadecimal(path[index])
                else { return false }
                path.formIndex(after: &index)
                guard index != path.endIndex, let low = PercentCoding.hexadecimal(path[index])
                else { return false }
                path.formIndex(after: &index)
                byte = high << 4 | low
                if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == 0x5C {
                    return false
                }
                if isSegmentPlain {
                    isSegmentPlain = false
                    segment = Array(repeating: dots == length ? 0x2E : 0x61, count: length)
                }
                segment.append(byte)
            case 0...0x20, 0x7F, 0x5C, UInt8(ascii: "#"):
                return false
            default:
                length += 1
                if byte == 0x2E { dots += 1 }
                if !isSegmentPlain { segment.append(byte) }
            }
        }
        return !endsBadly()
    }
}
