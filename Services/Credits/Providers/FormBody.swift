internal import HTTP

/// A form-encoded body whose keys nest in brackets: `line_items[0][price]=price_1`.
struct FormBody: Sendable {
    private var pairs: [String] = []

    mutating func append(_ name: String, _ value: String) {
        // Brackets stay readable, as Stripe's own clients send them.
        let name = name.split(separator: "[", omittingEmptySubsequences: false)
            .map { part in
                part.hasSuffix("]")
                    ? PercentCoding.encode(String(part.dropLast())) + "]"
                    : PercentCoding.encode(String(part))
            }.joined(separator: "[")
        pairs.append("\(name)=\(PercentCoding.encode(value))")
    }

    var bytes: [UInt8] { Array(pairs.joined(separator: "&").utf8) }
}
