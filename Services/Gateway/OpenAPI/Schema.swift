internal import HTTP

/// Builds JSON Schemas (2020-12). Objects are closed: what is not declared is not there.
enum Schema {
    static let text: JSONValue = ["type": "string"]
    static let flag: JSONValue = ["type": "boolean"]
    static let number: JSONValue = ["type": "number"]
    static let count: JSONValue = ["type": "integer", "minimum": 0]
    static let time: JSONValue = ["type": "string", "format": "date-time"]
    static let link: JSONValue = ["type": "string", "minLength": 1]
    /// An amount: decimal, at most four fraction digits.
    static let credits: JSONValue = ["type": "number", "multipleOf": .number("0.0001")]

    static let positiveCredits: JSONValue = [
        "type": "number", "multipleOf": .number("0.0001"), "exclusiveMinimum": 0,
        "maximum": .number("99999999.9999"),
    ]

    static func text(_ length: ClosedRange<Int>) -> JSONValue {
        [
            "type": "string", "minLength": .number(String(length.lowerBound)),
            "maxLength": .number(String(length.upperBound)),
        ]
    }

    static func choice(_ values: [String]) -> JSONValue {
        ["type": "string", "enum": .array(values.map { .text($0) })]
    }

    static func integer(_ range: ClosedRange<Int64>) -> JSONValue {
        [
            "type": "integer", "minimum": .number(String(range.lowerBound)),
            "maximum": .number(String(range.upperBound)),
        ]
    }

    static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    static func map(_ values: JSONValue) -> JSONValue {
        ["type": "object", "additionalProperties": values]
    }

    static func nullable(_ schema: JSONValue) -> JSONValue {
        ["anyOf": [schema, ["type": "null"]]]
    }

    static func any(_ schemas: [JSONValue]) -> JSONValue { ["anyOf": .array(schemas)] }

    static func reference(_ name: String) -> JSONValue {
        ["$ref": .text("#/components/schemas/\(name)")]
    }

    /// A name that ends in "?" may be absent.
    static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        object(members.map { ($0.key, $0.value) })
    }

    static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        let required = members.filter { !$0.0.hasSuffix("?") }.map { JSONValue.text($0.0) }
        let properties = members.map { name, schema in
            JSONValue.Member(name.hasSuffix("?") ? String(name.dropLast()) : name, schema)
        }
        var result: [JSONValue.Member] = [
            .init("type", "object"), .init("properties", .object(properties)),
        ]
        if !required.isEmpty { result.append(.init("required", .array(required))) }
        result.append(.init("additionalProperties", false))
        return .object(result)
    }
}
