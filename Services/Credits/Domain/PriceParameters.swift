/// What a price depends on beside the model: "duration=6,resolution=768P", names in order.
struct PriceParameters: Hashable, Sendable {
    private let values: [String: String]

    static let none = PriceParameters(values: [:])

    private init(values: [String: String]) {
        self.values = values
    }

    /// Reads name=value pairs in any order; each name once, at most eight.
    init(_ text: String) throws(LedgerError) {
        var values: [String: String] = [:]
        guard text.utf8.count <= 200 else { throw Self.invalid("is longer than 200 characters") }
        for pair in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
        {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
                parts[0].utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == 0x5F }),
                parts[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { throw Self.invalid("is not of the form name=value,name=value") }
            guard values.updateValue(String(parts[1]), forKey: String(parts[0])) == nil else {
                throw Self.invalid("names \(parts[0]) twice")
            }
        }
        guard values.count <= 8 else { throw Self.invalid("has more than eight names") }
        self.values = values
    }

    /// The one text for the same pairs.
    var text: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// Whether a row of the table is meant: the same names, each with the row's value, or within
    /// its limit ("duration<=90" takes 1 to 90).
    func satisfy(_ conditions: String) -> Bool {
        let conditions = conditions.split(separator: ",")
        return conditions.count == values.count
            && conditions.allSatisfy { condition in
                guard let sign = condition.firstIndex(of: "=") else { return false }
                let wanted = String(condition[condition.index(after: sign)...])
                let name = condition[..<sign]
                guard name.last == "<" else { return values[String(name)] == wanted }
                guard let value = values[String(name.dropLast())], let given = Int(value),
                    let limit = Int(wanted), "\(given)" == value
                else { return false }
                return (1...limit).contains(given)
            }
    }

    private static func invalid(_ reason: String) -> LedgerError {
        .invalid(field: "parameters", reason: reason)
    }
}
