/// Why a text is not JSON that this product accepts.
package enum JSONFailure: Error, Hashable, Sendable {
    /// Not JSON, or JSON that two readers may understand differently: a byte order mark, invalid
    /// UTF-8, a lone surrogate, a duplicate name, bytes after the end.
    case malformed(offset: Int, reason: String)
    /// More levels than `depthMax`.
    case tooDeep(depthMax: Int)
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259), strictly.
    package init(
        parsing bytes: [UInt8], depthMax: Int = 32
    ) throws(JSONFailure) {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONFailure) in
                var parser = JSONParser(bytes: buffer, depthMax: depthMax)
                return try parser.document()
            }
        }
        self = try result.get()
    }
}

/// A recursive-descent reader over bytes that it does not own.
private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let depthMax: Int
    var offset = 0
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    mutating func document() throws(JSONFailure) -> JSONValue {
        skipSpace()
        let value = try self.value()
        skipSpace()
        guard offset == bytes.count else { throw failure("bytes after the end") }
        return value
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func failure(_ reason: String) -> JSONFailure {
        .malformed(offset: offset, reason: reason)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            offset += 1
        }
    }

    private mutating func value() throws(JSONFailure) -> JSONValue {
        switch current {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), .some(0x30...0x39): return .number(try number())
        case nil: throw failure("the text ends early")
        default: throw failure("unexpected character")
        }
    }

    private mutating func word(
        _ text: StaticString, _ value: JSONValue
    ) throws(JSONFailure) -> JSONValue {
        let isSame =
            bytes.count - offset >= text.utf8CodeUnitCount
            && (0..<text.utf8CodeUnitCount).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
        guard isSame else { throw failure("unexpected word") }
        offset += text.utf8CodeUnitCount
        return value
    }

    private mutating func enter() throws(JSONFailure) {
        depth += 1
        if depth > depthMax { throw .tooDeep(depthMax: depthMax) }
        offset += 1
        skipSpace()
    }

    private mutating func object() throws(JSONFailure) -> JSONValue {
        try enter()
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        if current == UInt8(ascii: "}") {
            offset += 1
            depth -= 1
            return .object(members)
        }
        while true {
            guard current == UInt8(ascii: "\"") else { throw failure("expected a name") }
            let name = try string()
            guard names.insert(name).inserted else { throw failure("duplicate name") }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("expected a colon") }
            offset += 1
            skipSpace()
            members.append(JSONValue.Member(name, try value()))
            if try isLast(closing: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array() throws(JSONFailure) -> JSONValue {
        try enter()
        var values: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            offset += 1
            depth -= 1
            return .array(values)
        }
        while true {
            values.append(try value())
            if try isLast(closing: UInt8(ascii: "]")) { return .array(values) }
        }
    }

    /// Reads a comma, or the closing bracket: then true.
    private mutating func isLast(closing: UInt8) throws(JSONFailure) -> Bool {
        skipSpace()
        if current == closing {
            offset += 1
            depth -= 1
            return true
        }
        guard current == UInt8(ascii: ",") else { throw failure("expected a comma") }
        offset += 1
        skipSpace()
        return false
    }

    private mutating func number() throws(JSONFailure) -> String {
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") {
            offset += 1
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(JSONFailure) {
        let start = offset
        while let byte = current, (0x30...0x39).contains(byte) { offset += 1 }
        if offset == start { throw failure("expected a digit") }
    }

    private mutating func string() throws(JSONFailure) -> String {
        offset += 1
        let start = offset
        while let byte = current, byte != 0x22, byte != 0x5C, byte >= 0x20 { offset += 1 }
        if current == 0x22 {
            let text = String(validating: bytes[start..<offset], as: UTF8.self)
            guard let text else { throw failure("invalid UTF-8") }
            offset += 1
            return text
        }
        var unescaped = Array(bytes[start..<offset])
        while true {
            guard let byte = current else { throw failure("the text ends inside a string") }
            offset += 1
            switch byte {
            case 0x22:
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw failure("invalid UTF-8")
                }
                return text
            case 0x5C: try escape(into: &unescaped)
            case 0..<0x20: throw failure("a control character inside a string")
            default: unescaped.append(byte)
            }
        }
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONFailure) {
        guard let byte = current else { throw failure("the text ends inside an escape") }
        offset += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            var value = try fourDigits()
            if (0xD800...0xDBFF).contains(value) {
                guard current == 0x5C else { throw failure("a lone surrogate") }
                offset += 1
                guard current == UInt8(ascii: "u") else { throw failure("a lone surrogate") }
                offset += 1
                let low = try fourDigits()
                guard (0xDC00...0xDFFF).contains(low) else { throw failure("a lone surrogate") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw failure("a lone surrogate") }
            unescaped.append(contentsOf: Character(scalar).utf8)
        default: throw failure("unknown escape")
        }
    }

    private mutating func fourDigits() throws(JSONFailure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = PercentCoding.hexadecimal(byte) else {
                throw failure("expected a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
