internal import HTTP
internal import ServiceProcess

/// The OpenAPI 3.1 document, made from the routes themselves.
enum OpenAPIDocument {
    static func make(_ routes: [Route]) -> JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Convergence", "version": .text(convergenceVersion),
                "description": .text(
                    "A visual-first video studio: describe an intent, choose between pictures. "
                        + "Amounts are credits with at most four fraction digits; times are "
                        + "RFC 3339; errors are RFC 9457 problems."),
            ],
            "servers": [["url": "/"]],
            "paths": paths(routes),
            "components": [
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description": "An access token (cvt_…) or an API key (cvk_…).",
                    ]
                ],
                "schemas": .object(
                    (RequestSchemas.all + AnswerSchemas.all + EventSchemas.all).map {
                        .init($0.0, $0.1)
                    }),
            ],
        ]
    }

    private static func paths(_ routes: [Route]) -> JSONValue {
        var paths: [JSONValue.Member] = []
        for route in routes {
            let operation = JSONValue.Member(route.method.lowercased(), operation(route))
            if let index = paths.firstIndex(where: { $0.name == route.template }),
                case .object(let known) = paths[index].value
            {
                paths[index].value = .object(known + [operation])
            } else {
                paths.append(.init(route.template, .object([operation])))
            }
        }
        return .object(paths)
    }

    private static func operation(_ route: Route) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("operationId", .text(route.operationID)), .init("summary", .text(route.summary)),
            .init("tags", [.text(route.tag)]), .init("security", security(route)),
        ]
        let parameters = parameters(route)
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        if let body = body(route) { members.append(.init("requestBody", body)) }
        members.append(.init("responses", responses(route)))
        return .object(members)
    }

    private static func security(_ route: Route) -> JSONValue {
        switch route.access {
        case .open: []
        case .optional, .link: [["token": []], [:]]
        case .scope, .account: [["token": []]]
        }
    }

    private static func parameters(_ route: Route) -> [JSONValue] {
        var parameters: [JSONValue] = route.parameterNames.map {
            ["name": .text($0), "in": "path", "required": true, "schema": Schema.text(1...128)]
        }
        parameters += route.query.map {
            [
                "name": .text($0.name), "in": "query", "description": .text($0.summary),
                "schema": $0.schema,
            ]
        }
        if route.method == "POST" {
            parameters.append([
                "name": "Idempotency-Key", "in": "header",
                "description": "The same key again gives the same answer and is charged once.",
                "schema": Schema.text(1...255),
            ])
        }
        if route.answers[202] == .json("AcceptedAnswer") {
            parameters.append([
                "name": "Prefer", "in": "header",
                "description": "respond-async: do not wait; the answer is 202 with an operation.",
                "schema": Schema.text,
            ])
        }
        return parameters
    }

    private static func body(_ route: Route) -> JSONValue? {
        switch route.body {
        case .none: return nil
        case .json(let name):
            return [
                "required": .flag(name != "EmptyRequest"),
                "content": ["application/json": ["schema": Schema.reference(name)]],
            ]
        case .bytes(let types, _), .raw(let types, _):
            return ["required": true, "content": .object(types.map { .init($0, [:]) })]
        }
    }

    private static func responses(_ route: Route) -> JSONValue {
        var responses: [JSONValue.Member] = route.answers.sorted { $0.key < $1.key }.map {
            .init(String($0.key), answer($0.value, status: $0.key))
        }
        for status in problemStatuses(route).sorted() where route.answers[status] == nil {
            responses.append(
                .init(
                    String(status),
                    [
                        "description": "A problem.",
                        "content": [
                            "application/problem+json": [
                                "schema": Schema.reference(
                                    status == 402 ? "InsufficientCreditsProblem" : "Problem")
                            ]
                        ],
                    ]))
        }
        return .object(responses)
    }

    /// What any route of its kind can answer, and what this one adds.
    static func problemStatuses(_ route: Route) -> Set<Int> {
        var statuses: Set<Int> = [400, 408, 413, 414, 431, 500, 503, 504]
        statuses.formUnion(route.problems)
        if route.rate != .free { statuses.insert(429) }
        switch route.access {
        case .open: break
        case .optional, .link: statuses.insert(401)
        case .scope, .account: statuses.formUnion([401, 403])
        }
        if route.body != .none { statuses.insert(415) }
        if route.body != .none || !route.query.isEmpty || route.method == "POST" {
            statuses.insert(422)
        }
        if route.method == "POST" { statuses.insert(409) }
        return statuses
    }

    private static func answer(_ answer: Route.Answer, status: Int) -> JSONValue {
        let content: JSONValue?
        switch answer {
        case .json(let name):
            content = ["application/json": ["schema": Schema.reference(name)]]
        case .either(let names):
            content = [
                "application/json": ["schema": Schema.any(names.map(Schema.reference))]
            ]
        case .export(let name):
            content = [
                "application/json": ["schema": Schema.reference(name)], "text/csv": [:],
            ]
        case .bytes(let types): content = .object(types.map { .init($0, [:]) })
        case .events: content = ["text/event-stream": [:]]
        case .html: content = ["text/html": [:]]
        case .empty: content = nil
        }
        let description: JSONValue = .text(
            status < 300 ? "Done." : status == 304 ? "Not modified." : "See there, or the page.")
        guard let content else { return ["description": description] }
        return ["description": description, "content": content]
    }
}
