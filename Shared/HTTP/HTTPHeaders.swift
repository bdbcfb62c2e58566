/// The header fields of a message, in order. Names compare without case.
package struct HTTPHeaders: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    package private(set) var fields: [Field]

    /// An answer gets more fields on its way out; room for them from the beginning.
    private static let usualCount = 8

    package init() { fields = [] }

    /// Room for so many fields.
    package init(capacity: Int) {
        fields = []
        fields.reserveCapacity(capacity)
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(capacity: max(elements.count, Self.usualCount))
        for element in elements { append(element.0, element.1) }
    }

    /// The first value of the name.
    package subscript(name: String) -> String? {
        for field in fields where field.name.isEqualIgnoringCase(name) { return field.value }
        return nil
    }

    /// How many fields carry the name.
    package func count(of name: String) -> Int {
        fields.count { $0.name.isEqualIgnoringCase(name) }
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Replaces every field of the name by one.
    package mutating func set(_ name: String, _ value: String) {
        fields.removeAll { $0.name.isEqualIgnoringCase(name) }
        fields.append(Field(name: name, value: value))
    }
}

extension String {
    /// Whether two ASCII texts are equal but for case.
    package func isEqualIgnoringCase(_ other: String) -> Bool {
        let left = utf8
        let right = other.utf8
        guard left.count == right.count else { return false }
        var first = left.startIndex
        var second = right.startIndex
        while first != left.endIndex {
            let (a, b) = (left[first], right[second])
            if a != b, lowerCased(a) != lowerCased(b) { return false }
            left.formIndex(after: &first)
            right.formIndex(after: &second)
        }
        return true
    }
}

private func lowerCased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}
