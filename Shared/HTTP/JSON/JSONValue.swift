/// A JSON value. Numbers stay text, so that no amount ever passes through a Double.
package enum JSONValue: Hashable, Sendable, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package struct Member: Hashable, Sendable {
        package let name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    case null
    case flag(Bool)
    /// A number exactly as it was written.
    case number(String)
    case text(String)
    case array([JSONValue])
    /// Members in the order they were written; names are unique.
    case object([Member])

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .number(String(value)) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }

    /// The member of an object; nil when it is absent or this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The element of an array; nil when it is absent or this is no array.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }

    package var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }
    package var flag: Bool? {
        guard case .flag(let flag) = self else { return nil }
        return flag
    }
    /// A number written without fraction or exponent.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text)
    }
    package var number: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
    package var array: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
    package var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The value as compact JSON text.
    package var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.value(self)
        return writer.bytes
    }
}
