internal import HTTP
internal import ServiceProcess

/// The documentation of the API as one page, written from the OpenAPI document.
enum DocsPage {
    static func html(_ document: JSONValue, codes: [(code: String, status: Int)]) -> String {
        var body = "<main>\n<h1>The API of Convergence</h1>\n"
        body +=
            "<p>Version \(Page.escaped(convergenceVersion)); the same as "
            + "<a href=\"/openapi.json\">/openapi.json</a>. Send "
            + "<code>Authorization: Bearer …</code> with a token from "
            + "<code>POST /api/auth/guest</code>.</p>\n"
        body += example
        for tag in tags(document) {
            body += "<h2>\(Page.escaped(tag))</h2>\n"
            for (path, method, operation) in operations(document)
            where operation["tags"]?[0]?.text == tag {
                body += section(path, method, operation, document)
            }
        }
        body += "<h2>Problems</h2>\n"
        for (code, status) in codes {
            body += "<p id=\"\(code)\"><code>\(code)</code> \(status)</p>\n"
        }
        return Page(title: "Convergence API", body: body + "</main>").html
    }

    private static let example = """
        <pre>TOKEN=$(curl -s -X POST localhost:8080/api/auth/guest | sed 's/.*"token":"\\([^"]*\\).*/\\1/')
        curl -s localhost:8080/api/convergence/start -H "Authorization: Bearer $TOKEN" \\
          -H 'Content-Type: application/json' -d '{"intent":"a fox crossing a frozen lake at dawn"}'</pre>

        """

    private static func operations(
        _ document: JSONValue
    ) -> [(path: String, method: String, operation: JSONValue)] {
        (document["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).map { (path.name, $0.name.uppercased(), $0.value) }
        }
    }

    private static func tags(_ document: JSONValue) -> [String] {
        var tags: [String] = []
        for (_, _, operation) in operations(document) {
            if let tag = operation["tags"]?[0]?.text, !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }

    private static func section(
        _ path: String, _ method: String, _ operation: JSONValue, _ document: JSONValue
    ) -> String {
        var text = "<details id=\"\(operation["operationId"]?.text ?? "")\"><summary>"
        text += "<span class=\"method\">\(method)</span> <code>\(Page.escaped(path))</code> "
        text += "\(Page.escaped(operation["summary"]?.text ?? ""))</summary>\n"
        for parameter in operation["parameters"]?.array ?? [] {
            text += "<p><code>\(Page.escaped(parameter["name"]?.text ?? ""))</code> "
            text += "(\(parameter["in"]?.text ?? "")) "
            text += "\(Page.escaped(parameter["description"]?.text ?? ""))</p>\n"
        }
        if let schema = operation["requestBody"]?["content"]?["application/json"]?["schema"] {
            text += "<p>Request</p><pre>\(Page.escaped(outline(schema, document, 0)))</pre>\n"
        }
        for response in operation["responses"]?.members ?? [] {
            guard let schema = response.value["content"]?["application/json"]?["schema"] else {
                continue
            }
            text += "<p>\(response.name)</p>"
            text += "<pre>\(Page.escaped(outline(schema, document, 0)))</pre>\n"
        }
        let statuses = (operation["responses"]?.members ?? []).map(\.name)
        text += "<p>Answers: \(statuses.joined(separator: ", "))</p>\n"
        return text + "</details>\n"
    }

    /// A schema as the JSON it describes, types in place of values.
    private static func outline(_ schema: JSONValue, _ document: JSONValue, _ level: Int) -> String
    {
        if let reference = schema["$ref"]?.text {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard level < 4, let target = document["components"]?["schemas"]?[name] else {
                return name
            }
            return outline(target, document, level)
        }
        if let choices = schema["anyOf"]?.array {
            if choices.count > 3 { return "…" }
            return choices.map { outline($0, document, level) }.joined(separator: " | ")
        }
        if let values = schema["enum"]?.array {
            return values.compactMap(\.text).map { "\"\($0)\"" }.joined(separator: " | ")
        }
        guard let type = schema["type"]?.text else {
            return schema["const"].map { String(decoding: $0.bytes, as: UTF8.self) } ?? "any"
        }
        if type == "array", let items = schema["items"] {
            return "[" + outline(items, document, level) + "]"
        }
        guard type == "object", let properties = schema["properties"]?.members,
            !properties.isEmpty
        else { return type == "object" ? "{}" : type }
        let required = Set(schema["required"]?.array?.compactMap(\.text) ?? [])
        let indent = String(repeating: "  ", count: level + 1)
        let lines = properties.map { property in
            let mark = required.contains(property.name) ? "" : "?"
            return "\(indent)\"\(property.name)\"\(mark): "
                + outline(property.value, document, level + 1)
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n"
            + String(repeating: "  ", count: level) + "}"
    }
}
