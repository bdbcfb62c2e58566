import HTTP

/// Checks answers against the OpenAPI document: the part of JSON Schema that the document uses, and a
/// failure for any keyword that it does not know.
struct SchemaValidator {
    let document: JSONValue

    private static let annotations: Set<String> = ["description", "format"]

    /// What is wrong with an answer to a request; empty when all is well.
    func faults(
        method: String, path: String, status: Int, contentType: String?, body: [UInt8]
    ) -> [String] {
        guard let (template, operations) = pathItem(path) else {
            return status == 404 || status == 400 ? [] : ["no path in the document for \(path)"]
        }
        let name = (method == "HEAD" ? "GET" : method).lowercased()
        guard let operation = operations[name] else {
            return [405, 204].contains(status) ? [] : ["no \(name) in the document for \(template)"]
        }
        guard let response = operation["responses"]?[String(status)] else {
            return ["\(name) \(template) has no documented answer \(status)"]
        }
        guard let content = response["content"] else {
            return body.isEmpty ? [] : ["\(template) \(status) is documented without a body"]
        }
        let type = String((contentType ?? "").prefix { $0 != ";" })
        guard let media = content[type] else {
            return ["\(template) \(status) has the undocumented type \(type)"]
        }
        guard let schema = media["schema"] else { return [] }
        do {
            return check(try JSONValue(parsing: body), schema, "\(name) \(template) \(status)")
        } catch {
            return ["\(template) \(status) is not JSON: \(error)"]
        }
    }

    private func pathItem(_ path: String) -> (String, JSONValue)? {
        let parts = path.split(separator: "/")
        let paths = document["paths"]?.members ?? []
        if let literal = paths.first(where: { $0.name == path }) {
            return (literal.name, literal.value)
        }
        // A trailing slash makes another path.
        if path.hasSuffix("/") { return nil }
        for item in paths {
            let segments = item.name.split(separator: "/")
            if segments.count == parts.count, !parts.isEmpty,
                zip(segments, parts).allSatisfy({ $0.hasPrefix("{") || $0 == $1 })
            {
                return (item.name, item.value)
            }
        }
        return nil
    }

    func check(_ value: JSONValue, _ schema: JSONValue, _ at: String) -> [String] {
        var faults: [String] = []
        for keyword in schema.members ?? [] {
            switch keyword.name {
            case "$ref":
                let name = (keyword.value.text ?? "").split(separator: "/").last.map(String.init)
                guard let target = document["components"]?["schemas"]?[name ?? ""] else {
                    faults.append("\(at): \(name ?? "") is not in the document")
                    continue
                }
                faults += check(value, target, at)
            case "anyOf":
                let branches = (keyword.value.array ?? []).map { check(value, $0, at) }
                if !branches.contains(where: \.isEmpty) {
                    faults.append(
                        "\(at): fits no choice; \(branches.min { $0.count < $1.count } ?? [])")
                }
            case "type":
                if !Self.hasType(value, keyword.value.text ?? "") {
                    faults.append("\(at): is no \(keyword.value.text ?? "")")
                }
            case "enum":
                if !(keyword.value.array ?? []).contains(value) {
                    faults.append("\(at): is none of the choices")
                }
            case "const":
                if keyword.value != value { faults.append("\(at): is not the constant") }
            case "properties":
                for property in keyword.value.members ?? [] {
                    if let member = value[property.name] {
                        faults += check(member, property.value, "\(at).\(property.name)")
                    }
                }
            case "required":
                for name in keyword.value.array?.compactMap(\.text) ?? []
                where value.members != nil && value[name] == nil {
                    faults.append("\(at): lacks \(name)")
                }
            case "additionalProperties":
                let known = Set(schema["properties"]?.members?.map(\.name) ?? [])
                for member in value.members ?? [] where !known.contains(member.name) {
                    if keyword.value == .flag(false) {
                        faults.append("\(at): has the undocumented \(member.name)")
                    } else {
                        faults += check(member.value, keyword.value, "\(at).\(member.name)")
                    }
                }
            case "items":
                for (index, item) in (value.array ?? []).enumerated() {
                    faults += check(item, keyword.value, "\(at)[\(index)]")
                }
            case "minimum":
                if let number = value.number, number < keyword.value.number ?? 0 {
                    faults.append("\(at): is too small")
                }
            case "maximum":
                if let number = value.number, number > keyword.value.number ?? 0 {
                    faults.append("\(at): is too large")
                }
            case "minLength":
                if let text = value.text, text.count < keyword.value.integer ?? 0 {
                    faults.append("\(at): is too short")
                }
            case "maxLength":
                if let text = value.text, text.count > keyword.value.integer ?? 0 {
                    faults.append("\(at): is too long")
                }
            case "multipleOf":
                // Of credits: at most four fraction digits.
                if case .number(let text) = value,
                    let dot = text.firstIndex(of: "."), text[dot...].count > 5
                {
                    faults.append("\(at): has more than four fraction digits")
                }
            case "pattern":
                if let text = value.text,
                    text.isEmpty || !text.utf8.allSatisfy({ $0 == 0x5F || $0 < 0x5B })
                {
                    faults.append("\(at): is no code")
                }
            default:
                if !Self.annotations.contains(keyword.name) {
                    faults.append("\(at): the keyword \(keyword.name) is not checked")
                }
            }
        }
        return faults
    }

    private static func hasType(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.flag, "boolean"), (.text, "string"), (.array, "array"),
            (.object, "object"), (.number, "number"):
            true
        case (.number(let text), "integer"): Int64(text) != nil
        default: false
        }
    }
}
