internal import HTTP
internal import ServiceAPI

/// Reads the members of a JSON body one by one and collects everything that is wrong with them.
///
/// ```swift
/// var fields = try FieldReader(context)
/// let intent = fields.text("intent", 1...4000)
/// try fields.finish()
/// ```
struct FieldReader {
    private let members: [JSONValue.Member]
    private var known: Set<String> = []
    private var faults: [FieldFault] = []

    /// - Throws: 415, 400 or 422 ``Problem``; a body that is empty reads as `{}`.
    init(_ request: HTTPRequest) throws {
        guard !request.body.isEmpty else {
            members = []
            return
        }
        guard Self.isJSON(request.headers["Content-Type"]) else {
            throw Problem(
                415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8.")
        }
        if let coding = request.headers["Content-Encoding"], coding.lowercased() != "identity" {
            throw Problem(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body without Content-Encoding.")
        }
        let value: JSONValue
        do throws(JSONFailure) {
            value = try JSONValue(parsing: request.body)
        } catch {
            switch error {
            case .malformed(let offset, let reason):
                throw Problem(
                    400, "MALFORMED_JSON", "The body is not valid JSON: \(reason).",
                    details: [.init("offset", .number(String(offset)))])
            case .tooDeep(let depthMax):
                throw Problem(
                    422, "JSON_TOO_DEEP", "The body has more than \(depthMax) levels.")
            }
        }
        guard case .object(let members) = value else {
            throw Problem.validation([
                FieldFault(field: "", code: "type", detail: "The body must be an object.")
            ])
        }
        self.members = members
    }

    private static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false)
        guard parts[0].trimmed.isEqualIgnoringCase("application/json") else { return false }
        return parts.dropFirst().allSatisfy { part in
            let parameter = part.trimmed.lowercased()
            return !parameter.hasPrefix("charset=")
                || ["charset=utf-8", "charset=\"utf-8\""].contains(parameter)
        }
    }

    /// Trimmed text of a length in characters.
    mutating func text(_ name: String, _ length: ClosedRange<Int>) -> String {
        optionalText(name, length) ?? missing(name, "")
    }

    mutating func optionalText(_ name: String, _ length: ClosedRange<Int>) -> String? {
        guard let value = value(name) else { return nil }
        guard case .text(let raw) = value else { return wrongType(name, "text", "") }
        let text = raw.trimmed
        if let fault = Self.characterFault(text) {
            return fail(name, "characters", fault, "")
        }
        // A cheap bound first, so that counting characters is never quadratic work for an attacker.
        guard text.utf8.count <= length.upperBound * 16, length.contains(text.count),
            text.isEmpty || text.isVisible
        else {
            return fail(
                name, "range",
                "It must have \(length.lowerBound) to \(length.upperBound) characters.", "")
        }
        return text
    }

    /// Text that is taken as it is, white space included.
    mutating func secret(_ name: String, _ length: ClosedRange<Int>) -> String {
        guard let value = value(name) else { return missing(name, "") }
        guard case .text(let text) = value else { return wrongType(name, "text", "") }
        guard text.utf8.count <= 1024, length.contains(text.count) else {
            return fail(
                name, "range",
                "It must have \(length.lowerBound) to \(length.upperBound) characters.", "")
        }
        return text
    }

    mutating func choice(_ name: String, _ values: [String]) -> String {
        optionalChoice(name, values) ?? missing(name, "")
    }

    mutating func optionalChoice(_ name: String, _ values: [String]) -> String? {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value else { return wrongType(name, "text", "") }
        guard values.contains(text) else {
            return fail(
                name, "choice", "It must be one of \(values.joined(separator: ", ")).", "")
        }
        return text
    }

    /// An id: visible ASCII.
    mutating func identifier(_ name: String) -> String {
        optionalIdentifier(name) ?? missing(name, "")
    }

    mutating func optionalIdentifier(_ name: String) -> String? {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value else { return wrongType(name, "text", "") }
        guard (1...128).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return fail(name, "characters", "It must be 1 to 128 visible characters.", "") }
        return text
    }

    /// Identifiers, each once.
    mutating func identifiers(_ name: String, _ count: ClosedRange<Int>) -> [String] {
        guard let value = value(name) else { return missing(name, []) }
        guard case .array(let items) = value else { return wrongType(name, "a list", []) }
        let texts = items.compactMap(\.text)
        guard texts.count == items.count, count.contains(texts.count),
            Set(texts).count == texts.count,
            texts.allSatisfy({
                (1...128).contains($0.utf8.count)
                    && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2C }
            })
        else {
            return fail(
                name, "range",
                "It must list \(count.lowerBound) to \(count.upperBound) identifiers, each once.",
                [])
        }
        return texts
    }

    /// Zero when the caller does not mind which version it acts on.
    mutating func version() -> UInt64 {
        guard let value = value("version") else { return 0 }
        guard let number = value.integer else { return wrongType("version", "a whole number", 0) }
        guard number > 0 else { return fail("version", "range", "It must be 1 or more.", 0) }
        return UInt64(number)
    }

    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer else { return wrongType(name, "a whole number", 0) }
        guard range.contains(number) else {
            return fail(
                name, "range", "It must be \(range.lowerBound) to \(range.upperBound).", 0)
        }
        return number
    }

    /// An amount of credits in 1/10,000, at least `minimum`: a plain decimal number with at most
    /// four fraction digits and no exponent.
    mutating func credits(_ name: String, from minimum: Int64 = 1) -> Int64 {
        optionalCredits(name, from: minimum) ?? missing(name, 0)
    }

    mutating func optionalCredits(_ name: String, from minimum: Int64 = 1) -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .number(let text) = value else {
            return wrongType(name, "a number of credits", 0)
        }
        guard let amount = CreditText.tenThousandths(text), amount >= minimum else {
            return fail(
                name, FieldFault.amount,
                "It must be \(CreditText.number(minimum)) to 99999999.9999, with at most four "
                    + "digits after the point and no exponent.", 0)
        }
        return amount
    }

    /// False when it is absent.
    mutating func flag(_ name: String) -> Bool {
        guard let value = value(name) else { return false }
        guard case .flag(let flag) = value else { return wrongType(name, "true or false", false) }
        return flag
    }

    /// What the caller lets the request cost.
    mutating func spending(_ context: RequestContext) -> SessionAPI.Spending? {
        let quoteID = optionalIdentifier("quoteId") ?? ""
        let limit = optionalCredits("maxCredits") ?? 0
        if quoteID.isEmpty, limit == 0, !context.isDryRun { return nil }
        return SessionAPI.Spending(
            quoteID: quoteID, maxAmountU4: limit, isDryRun: context.isDryRun)
    }

    mutating func texts(_ name: String, oneOf values: [String]) -> [String]? {
        guard let value = value(name) else { return nil }
        guard case .array(let items) = value else { return wrongType(name, "a list", []) }
        let texts = items.compactMap(\.text)
        guard texts.count == items.count, !texts.isEmpty, texts.allSatisfy(values.contains),
            Set(texts).count == texts.count
        else {
            return fail(
                name, "choice", "It must list some of \(values.joined(separator: ", ")).", [])
        }
        return texts
    }

    /// Any object, as compact JSON; empty text when it is absent.
    mutating func object(_ name: String, bytesMax: Int) -> String {
        guard let value = value(name) else { return "" }
        guard case .object = value else { return wrongType(name, "an object", "") }
        let bytes = value.bytes
        guard bytes.count <= bytesMax else {
            return fail(name, "range", "It must have at most \(bytesMax) bytes.", "")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Some objects, each read by `read`; what is wrong inside is told as `name[2].field`.
    mutating func objects<T>(
        _ name: String, _ count: ClosedRange<Int>, _ read: (inout FieldReader) -> T
    ) -> [T] {
        guard let value = value(name) else { return missing(name, []) }
        guard case .array(let items) = value else { return wrongType(name, "a list", []) }
        guard count.contains(items.count) else {
            return fail(
                name, "range",
                "It must have \(count.lowerBound) to \(count.upperBound) entries.", [])
        }
        return items.enumerated().compactMap { index, item in
            guard case .object(let members) = item else {
                return wrongType("\(name)[\(index)]", "an object", nil)
            }
            var reader = FieldReader(members)
            let result = read(&reader)
            reader.reportUnknown()
            for fault in reader.faults {
                report("\(name)[\(index)].\(fault.field)", fault.code, fault.detail)
            }
            return result
        }
    }

    private init(_ members: [JSONValue.Member]) { self.members = members }

    private mutating func reportUnknown() {
        for member in members where !known.contains(member.name) {
            report(String(member.name.prefix(64)), "unknown", "There is no such field.")
        }
    }

    mutating func report(_ field: String, _ code: String, _ detail: String) {
        faults.append(FieldFault(field: field, code: code, detail: detail))
    }

    /// - Throws: 422 when a member was wrong, missing or never asked for.
    mutating func finish() throws {
        reportUnknown()
        guard faults.isEmpty else { throw Problem.validation(faults) }
    }

    private mutating func value(_ name: String) -> JSONValue? {
        known.insert(name)
        let value = members.first { $0.name == name }?.value
        return value == .null ? nil : value
    }

    private mutating func missing<V>(_ name: String, _ value: V) -> V {
        if !faults.contains(where: { $0.field == name }) {
            report(name, "missing", "It is required.")
        }
        return value
    }

    private mutating func wrongType<V>(_ name: String, _ type: String, _ value: V) -> V {
        fail(name, "type", "It must be \(type).", value)
    }

    private mutating func fail<V>(
        _ name: String, _ code: String, _ detail: String, _ value: V
    ) -> V {
        report(name, code, detail)
        return value
    }

    /// What is wrong with the characters of a text, if anything.
    private static func characterFault(_ text: String) -> String? {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: continue
            case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029: return "It holds a control character."
            case _ where scalar.properties.isNoncharacterCodePoint:
                return "It holds a code point that is no character."
            // These turn the reading direction and make a text look like another one.
            case 0x202A...0x202E, 0x2066...0x2069: return "It holds a bidirectional override."
            default: continue
            }
        }
        return nil
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    /// Whether there is anything to see in it.
    fileprivate var isVisible: Bool {
        unicodeScalars.contains { scalar in
            !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
