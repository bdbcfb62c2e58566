internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// Everything that the caller has made: to look through, star, delete and take home.
struct CreationRoutes: Sendable {
    static let kinds = ["picture", "clip", "storyboard", "video"]
    static let steps =
        ConvergenceRoutes.dimensions + ["subject_motion"] + GenerationRoutes.kinds
    static let idsMax = 500
    /// So that the link to it stays shorter than a request line may be.
    static let archiveMax = 100
    static let archivePath = "/api/creations/archive"

    let tools: RouteTools

    private var session: SessionAPI.Client { tools.backends.session }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/creations", operationID: "listCreations",
                summary: "Everything the caller has made, newest first.", tag: "Creations",
                query: Self.query, answers: [200: .json("CreationsAnswer")]
            ) { context in
                answer(
                    try await session.listCreations(try filter(context), context.call()), context)
            },
            Route(
                method: "GET", template: "/api/creations/{id}", operationID: "getCreation",
                summary: "Something that was made, with how it was made.", tag: "Creations",
                answers: [200: .json("Creation")], problems: [404]
            ) { context in
                let found = try await session.getCreations(
                    .init(userID: context.userID, ids: [context.parameters[0]]), context.call())
                guard let creation = found.creations.first else {
                    throw Problem.notFound("such creation")
                }
                let writer = tools.writer(context)
                return jsonResponse { writer.creation(&$0, creation) }
            },
            mark("star", "starCreations", "Star what was made.", .star),
            mark("unstar", "unstarCreations", "Take the star away.", .unstar),
            mark(
                "delete", "deleteCreations",
                "Delete what was made; it can be restored until it is collected.", .delete),
            mark("restore", "restoreCreations", "Restore what was deleted.", .restore),
            Route(
                method: "POST", template: "/api/creations/archives",
                operationID: "createArchive",
                summary: "A link to a ZIP archive of the originals and a manifest.",
                tag: "Creations", rate: .write, body: .json("ArchiveRequest"),
                answers: [201: .json("ArchiveAnswer")], problems: [404]
            ) { context in
                let ids = try readIDs(context, max: Self.archiveMax)
                let found = try await session.getCreations(
                    .init(userID: context.userID, ids: ids), context.call()
                ).creations.filter { !$0.assetIDs.isEmpty }
                guard !found.isEmpty else { throw Problem.notFound("such creation") }
                let link = tools.links.link(
                    Self.archivePath, ids: found.map(\.id), userID: context.userID)
                return jsonResponse(201) {
                    $0.text("url", link)
                    $0.integer("files", found.reduce(0) { $0 + $1.assetIDs.count } + 1)
                }
            },
            Route(
                method: "GET", template: Self.archivePath, operationID: "getArchive",
                summary: "The archive that a link was given out for.", tag: "Creations",
                access: .link,
                query: [
                    Route.Query(
                        name: "ids", summary: "What is in it, with commas between.",
                        schema: ["type": "string"])
                ] + Route.Query.signature,
                answers: [200: .bytes(["application/zip"])], problems: [404]
            ) { context in
                let ids = (context.request.queryValue("ids") ?? "").split(separator: ",").map(
                    String.init)
                guard (1...Self.archiveMax).contains(ids.count) else {
                    throw Problem.validation([
                        FieldFault(field: "ids", code: "range", detail: "Name 1 to 100.")
                    ])
                }
                return try await CreationArchive(tools: tools).response(ids, context)
            },
        ]
    }

    private func mark(
        _ word: String, _ operationID: String, _ summary: String, _ mark: SessionAPI.CreationMark
    ) -> Route {
        Route(
            method: "POST", template: "/api/creations/\(word)", operationID: operationID,
            summary: summary, tag: "Creations", access: .scope(.write), rate: .write,
            body: .json("CreationsRequest"), answers: [200: .json("CreationsAnswer")],
            problems: [404]
        ) { context in
            let ids = try readIDs(context, max: Self.idsMax)
            return answer(
                try await session.markCreations(
                    .init(userID: context.userID, ids: ids, mark: mark), context.command()),
                context)
        }
    }

    private func readIDs(_ context: RequestContext, max: Int) throws -> [String] {
        var fields = try FieldReader(context.request)
        let ids = fields.identifiers("ids", 1...max)
        try fields.finish()
        return ids
    }

    private func filter(_ context: RequestContext) throws -> SessionAPI.ListCreationsRequest {
        .init(
            userID: context.userID,
            limit: try context.queryInteger("limit", in: 1...200, default: UInt32(50)),
            cursor: try context.queryText("cursor") ?? "",
            kind: try context.queryChoice("kind", Self.kinds),
            step: try context.queryChoice("step", Self.steps),
            model: try context.queryText("model") ?? "",
            text: try context.queryText("text") ?? "",
            isStarred: try context.queryChoice("starred", ["true", "false"]) == "true",
            fromUs: try context.queryTime("from"), untilUs: try context.queryTime("until"))
    }

    private func answer(
        _ reply: SessionAPI.ListCreationsReply, _ context: RequestContext
    ) -> HTTPResponse {
        let writer = tools.writer(context)
        return jsonResponse { object in
            object.array("creations", reply.creations) { json, creation in
                json.object { writer.creation(&$0, creation) }
            }
            writer.textOrNull(&object, "nextCursor", reply.nextCursor)
        }
    }

    private static let query: [Route.Query] = [
        Route.Query(
            name: "limit", summary: "How many, at most.",
            schema: ["type": "integer", "minimum": 1, "maximum": 200]),
        Route.Query(
            name: "cursor", summary: "nextCursor of the page before.", schema: ["type": "string"]),
        Route.Query(name: "kind", summary: "Only these.", schema: Schema.choice(kinds)),
        Route.Query(
            name: "step", summary: "Only those made at this step, or by this kind of generation.",
            schema: Schema.choice(steps)),
        Route.Query(
            name: "model", summary: "Only those of this model or provider.",
            schema: ["type": "string"]),
        Route.Query(
            name: "text", summary: "Only those whose intent, prompt or choices have it.",
            schema: ["type": "string"]),
        Route.Query(
            name: "starred", summary: "true: only those with a star.",
            schema: ["type": "boolean"]),
        Route.Query(name: "from", summary: "Made at this time or later.", schema: Schema.time),
        Route.Query(name: "until", summary: "Made before this time.", schema: Schema.time),
    ]
}
