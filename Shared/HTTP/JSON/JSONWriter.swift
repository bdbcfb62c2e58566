/// Writes JSON text straight into bytes: an answer costs no tree and no intermediate strings.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object { $0.text("id", "ast_1"); $0.integer("width", 1024) }
/// ```
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    /// The members of an object under construction.
    package struct Members: ~Copyable {
        fileprivate var writer: JSONWriter
        fileprivate var isFirst = true

        fileprivate init(_ writer: consuming JSONWriter) { self.writer = writer }

        fileprivate mutating func name(_ name: String) {
            if !isFirst { writer.bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            writer.text(name)
            writer.bytes.append(UInt8(ascii: ":"))
        }

        package mutating func text(_ name: String, _ value: String) {
            self.name(name)
            writer.text(value)
        }
        package mutating func integer(_ name: String, _ value: some BinaryInteger) {
            self.name(name)
            writer.raw(String(value))
        }
        package mutating func number(_ name: String, _ value: Double) {
            self.name(name)
            writer.number(value)
        }
        package mutating func flag(_ name: String, _ value: Bool) {
            self.name(name)
            writer.raw(value ? "true" : "false")
        }
        package mutating func null(_ name: String) {
            self.name(name)
            writer.raw("null")
        }
        /// JSON text that is known to be valid.
        package mutating func raw(_ name: String, _ value: String) {
            self.name(name)
            writer.raw(value)
        }
        package mutating func value(_ name: String, _ value: JSONValue) {
            self.name(name)
            writer.value(value)
        }
        /// Whatever the closure writes: one value.
        package mutating func write<E: Error>(
            _ name: String, _ body: (inout JSONWriter) throws(E) -> Void
        ) throws(E) {
            self.name(name)
            try body(&writer)
        }
        package mutating func object<E: Error>(
            _ name: String, _ body: (inout Members) throws(E) -> Void
        ) throws(E) {
            self.name(name)
            try writer.object(body)
        }
        package mutating func array<S: Sequence, E: Error>(
            _ name: String, _ values: S,
            _ body: (inout JSONWriter, S.Element) throws(E) -> Void
        ) throws(E) {
            self.name(name)
            try writer.array(values, body)
        }

        fileprivate consuming func finish() -> JSONWriter { writer }
    }

    package mutating func object<E: Error>(
        _ body: (inout Members) throws(E) -> Void
    ) throws(E) {
        bytes.append(UInt8(ascii: "{"))
        var inner = JSONWriter(capacity: 0)
        swap(&inner, &self)
        var members = Members(consume inner)
        try body(&members)
        self = members.finish()
        bytes.append(UInt8(ascii: "}"))
    }

    package mutating func array<S: Sequence, E: Error>(
        _ values: S, _ body: (inout JSONWriter, S.Element) throws(E) -> Void
    ) throws(E) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            try body(&self, value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// A string, with quotes, backslashes and control characters escaped.
    package mutating func text(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { utf8 in
            if utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
                bytes.append(contentsOf: utf8)
            } else {
                for byte in utf8 { escape(byte) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The shortest text that reads back as the same number; null when it is not finite.
    package mutating func number(_ value: Double) {
        guard value.isFinite else { return raw("null") }
        if value == value.rounded(), abs(value) < 1e15 {
            raw(String(Int64(value)))
        } else {
            raw(String(value))
        }
    }

    /// JSON text that is known to be valid.
    package mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .flag(let flag): raw(flag ? "true" : "false")
        case .number(let text): raw(text)
        case .text(let text): self.text(text)
        case .array(let values): array(values) { $0.value($1) }
        case .object(let members):
            object { object in
                for member in members { object.value(member.name, member.value) }
            }
        }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5C:
            bytes.append(0x5C)
            bytes.append(byte)
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            raw("\\u00")
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default:
            bytes.append(byte)
        }
    }
}
