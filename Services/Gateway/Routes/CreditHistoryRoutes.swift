internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// The caller's ledger rows: in pages, as a file, and summed up for one session.
struct CreditHistoryRoutes: Sendable {
    static let kinds = [
        "grant", "hold", "capture", "release", "expire", "refund", "merge", "correction",
    ]

    let tools: RouteTools

    private var credits: CreditsAPI.Client { tools.backends.credits }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/credits/history", operationID: "listCreditHistory",
                summary: "The caller's ledger rows, newest first.", tag: "Credits",
                query: [
                    Route.Query(
                        name: "limit",
                        summary:
                            "How many, at most. A filtered page may have fewer and a next one.",
                        schema: ["type": "integer", "minimum": 1, "maximum": 200]),
                    Route.Query(
                        name: "cursor", summary: "nextCursor of the page before.",
                        schema: ["type": "string"]),
                ] + Self.filters,
                answers: [200: .json("HistoryAnswer")]
            ) { context in
                var request = try filtered(context)
                request.limit = try context.queryInteger("limit", in: 1...200, default: 50)
                request.before = try context.queryInteger(
                    "cursor", in: 1...UInt64(Int64.max), default: 0)
                let page = try await credits.listHistory(request, context.call())
                let writer = tools.writer(context)
                return jsonResponse { object in
                    object.array("entries", page.entries) { json, entry in
                        json.object { Self.write(&$0, entry, writer) }
                    }
                    writer.textOrNull(
                        &object, "nextCursor", page.nextBefore > 0 ? "\(page.nextBefore)" : "")
                }
            },
            Route(
                method: "GET", template: "/api/credits/history/export",
                operationID: "exportCreditHistory",
                summary: "All the caller's ledger rows as a file; their amounts add up to the "
                    + "balance.",
                tag: "Credits",
                query: [
                    Route.Query(
                        name: "format", summary: "csv (the default) or json.",
                        schema: Schema.choice(["csv", "json"]))
                ] + Self.filters,
                answers: [200: .export("HistoryExport")]
            ) { context in try export(context) },
            Route(
                method: "GET", template: "/api/credits/statements/{sessionId}",
                operationID: "getStatement", summary: "What one session was charged, and for what.",
                tag: "Credits", answers: [200: .json("Statement")], problems: [404]
            ) { context in
                let statement = try await credits.getStatement(
                    .init(userID: context.userID, sessionID: context.parameters[0]),
                    context.call())
                let writer = tools.writer(context)
                return jsonResponse { object in
                    object.text("sessionId", statement.sessionID)
                    object.array("lines", statement.lines) { json, line in
                        json.object { object in
                            object.text("operation", line.operation)
                            writer.textOrNull(&object, "model", line.model)
                            object.integer("holds", line.holds)
                            object.raw("charged", CreditText.number(line.chargedU4))
                            object.raw("held", CreditText.number(line.heldU4))
                        }
                    }
                    object.raw("charged", CreditText.number(statement.chargedU4))
                    object.raw("held", CreditText.number(statement.heldU4))
                    object.text("firstAt", writer.time(statement.firstAtUs))
                    object.text("lastAt", writer.time(statement.lastAtUs))
                }
            },
        ]
    }

    // MARK: Filters

    private static let filters = [
        Route.Query(
            name: "sessionId", summary: "Only this session.", schema: ["type": "string"]),
        Route.Query(
            name: "kind", summary: "Only these, with commas between them.",
            schema: ["type": "string"]),
        Route.Query(
            name: "operation", summary: "Only holds for this.", schema: ["type": "string"]),
        Route.Query(
            name: "from", summary: "Not before this time (RFC 3339).", schema: Schema.time),
        Route.Query(name: "until", summary: "Before this time (RFC 3339).", schema: Schema.time),
    ]

    private func filtered(_ context: RequestContext) throws -> CreditsAPI.ListHistoryRequest {
        var request = CreditsAPI.ListHistoryRequest(
            userID: context.userID, sessionID: try context.queryText("sessionId") ?? "",
            operation: try context.queryText("operation") ?? "",
            fromUs: try time("from", context), untilUs: try time("until", context))
        if let kinds = try context.queryText("kind") {
            request.kinds = kinds.split(separator: ",").map(String.init)
            guard !request.kinds.isEmpty, request.kinds.allSatisfy(Self.kinds.contains) else {
                throw Problem.validation([
                    FieldFault(
                        field: "kind", code: "choice",
                        detail: "It must list some of \(Self.kinds.joined(separator: ", ")).")
                ])
            }
        }
        return request
    }

    private func time(_ name: String, _ context: RequestContext) throws -> Int64 {
        guard let text = try context.queryText(name) else { return 0 }
        guard let time = Timestamp(rfc3339: text), time.microseconds > 0 else {
            throw Problem.validation([
                FieldFault(
                    field: name, code: "format",
                    detail: "It must be a time such as 2026-01-31T00:00:00Z.")
            ])
        }
        return time.microseconds
    }

    // MARK: Files

    private func export(_ context: RequestContext) throws -> HTTPResponse {
        let format = try context.queryText("format") ?? "csv"
        guard ["csv", "json"].contains(format) else {
            throw Problem.validation([
                FieldFault(field: "format", code: "choice", detail: "It must be csv or json.")
            ])
        }
        var request = try filtered(context)
        request.limit = 200
        let first = request
        let isCSV = format == "csv"
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": isCSV ? "text/csv; charset=utf-8" : "application/json",
                "Content-Disposition": "attachment; filename=\"credits.\(format)\"",
            ],
            body: .stream(length: nil) { body in
                let writer = tools.writer(context)
                try await body.write(isCSV ? CreditSheet.head : Array("{\"entries\":[".utf8))
                var request = first
                var isFirst = true
                repeat {
                    let page = try await credits.listHistory(request, context.call(.seconds(30)))
                    var bytes: [UInt8] = []
                    for entry in page.entries {
                        if isCSV {
                            bytes += CreditSheet.row(entry, at: writer.time(entry.atUs))
                        } else {
                            var json = JSONWriter()
                            json.object { Self.write(&$0, entry, writer) }
                            if !isFirst { bytes.append(UInt8(ascii: ",")) }
                            bytes += json.bytes
                        }
                        isFirst = false
                    }
                    try await body.write(bytes)
                    request.before = page.nextBefore
                } while request.before != 0
                if !isCSV { try await body.write(Array("]}".utf8)) }
            })
    }

    static func write(
        _ object: inout JSONWriter.Members, _ entry: CreditsAPI.HistoryEntry,
        _ writer: AnswerWriter
    ) {
        object.integer("sequence", entry.sequence)
        object.text("kind", entry.kind)
        object.raw("amount", CreditText.number(entry.amountU4))
        object.raw("held", CreditText.number(entry.heldU4))
        object.raw("balanceAfter", CreditText.number(entry.balanceAfterU4))
        writer.textOrNull(&object, "operation", entry.operation)
        writer.textOrNull(&object, "model", entry.model)
        writer.textOrNull(&object, "parameters", entry.parameters)
        writer.textOrNull(&object, "job", entry.job)
        writer.textOrNull(&object, "holdId", entry.holdID)
        writer.textOrNull(&object, "sessionId", entry.sessionID)
        writer.textOrNull(&object, "quoteId", entry.quoteID)
        writer.textOrNull(&object, "assetId", entry.assetID)
        writer.textOrNull(&object, "note", entry.note)
        writer.textOrNull(&object, "requestId", entry.requestID)
        object.text("at", writer.time(entry.atUs))
    }
}

/// Ledger rows as a sheet: comma-separated values as RFC 4180 has them.
package enum CreditSheet {
    static let columns = [
        "sequence", "at", "kind", "amount", "held", "balanceAfter", "operation", "model",
        "parameters", "job", "holdId", "sessionId", "quoteId", "assetId", "requestId", "note",
    ]

    static let head = Array((columns.joined(separator: ",") + "\r\n").utf8)

    static func row(_ entry: CreditsAPI.HistoryEntry, at time: String) -> [UInt8] {
        let numbers = [entry.amountU4, entry.heldU4, entry.balanceAfterU4].map(CreditText.number)
        let texts = [
            entry.operation, entry.model, entry.parameters, entry.job, entry.holdID,
            entry.sessionID, entry.quoteID, entry.assetID, entry.requestID, entry.note,
        ]
        let cells = ["\(entry.sequence)", time, entry.kind] + numbers + texts.map(cell)
        return Array((cells.joined(separator: ",") + "\r\n").utf8)
    }

    /// A text that no spreadsheet takes for a formula: what begins like one gets an apostrophe
    /// (OWASP, CSV injection).
    package static func cell(_ text: String) -> String {
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) }
        let safe = (isFormula ?? false) ? "'" + text : text
        guard safe.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else {
            return safe
        }
        var quoted = "\""
        for scalar in safe.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
