internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// Generations: pictures and videos made from a session or a prompt, in the background.
struct GenerationRoutes: Sendable {
    static let kinds = ["image", "storyboard", "draft", "final"]
    /// What makes each kind when the caller names no model: what needs nothing from outside.
    private static let localModels = [
        "image": "local", "storyboard": "local", "draft": "local-parallax",
        "final": "local-parallax",
    ]

    let tools: RouteTools

    private var session: SessionAPI.Client { tools.backends.session }

    var routes: [Route] {
        [
            Route(
                method: "POST", template: "/api/generations", operationID: "startGeneration",
                summary: "Start a generation.", tag: "Generations", access: .scope(.write),
                rate: .paid, body: .json("GenerationRequest"), query: [.dryRun],
                answers: [200: .json("DryRunAnswer"), 202: .json("GenerationAnswer")],
                problems: [402, 403, 404, 410, 502]
            ) { context in
                let request = try read(context)
                let generation = try await session.startGeneration(request, context.command())
                if let dryRun = generation.dryRun { return tools.answer(dryRun, context) }
                return answer(generation, context, status: 202)
            },
            Route(
                method: "GET", template: "/api/generations", operationID: "listGenerations",
                summary: "The caller's generations, newest first.", tag: "Generations",
                query: Route.Query.page, answers: [200: .json("GenerationsAnswer")]
            ) { context in
                let limit = try context.queryInteger("limit", in: 1...100, default: UInt32(20))
                let found = try await session.listGenerations(
                    .init(
                        userID: context.userID, limit: limit,
                        cursor: try context.queryText("cursor") ?? ""), context.call())
                let writer = tools.writer(context)
                return jsonResponse { object in
                    object.array("generations", found.generations) { json, generation in
                        json.object { writer.generation(&$0, generation) }
                    }
                    writer.textOrNull(&object, "nextCursor", found.nextCursor)
                }
            },
            Route(
                method: "GET", template: "/api/models", operationID: "listModels",
                summary: "The models of final videos, and what a video of each costs.",
                tag: "Generations", answers: [200: .json("ModelsAnswer")]
            ) { context in
                let models = try await tools.finalModels(context)
                return jsonResponse { AnswerWriter.models(&$0, models) }
            },
            Route(
                method: "GET", template: "/api/generations/{id}", operationID: "getGeneration",
                summary: "A generation and, once it is completed, its result.",
                tag: "Generations", answers: [200: .json("GenerationAnswer")], problems: [404]
            ) { context in
                answer(
                    try await session.getGeneration(
                        .init(userID: context.userID, id: context.parameters[0]), context.call()),
                    context, status: 200)
            },
            Route(
                method: "POST", template: "/api/generations/{id}/cancel",
                operationID: "cancelGeneration", summary: "Stop a generation.",
                tag: "Generations", access: .scope(.write), rate: .write,
                body: .json("EmptyRequest"), answers: [200: .json("GenerationAnswer")],
                problems: [404]
            ) { context in
                var fields = try FieldReader(context.request)
                try fields.finish()
                return answer(
                    try await session.cancelGeneration(
                        .init(userID: context.userID, id: context.parameters[0]),
                        context.command()), context, status: 200)
            },
        ]
    }

    private func read(_ context: RequestContext) throws -> SessionAPI.StartGenerationRequest {
        var fields = try FieldReader(context.request)
        let sessionID = fields.optionalIdentifier("sessionId")
        let prompt = fields.optionalText("prompt", 1...4000)
        if sessionID == nil && prompt == nil {
            fields.report("prompt", "choice", "Give sessionId, prompt or both.")
        }
        let kind = fields.choice("kind", Self.kinds)
        let request = SessionAPI.StartGenerationRequest(
            userID: context.userID, kind: kind,
            sessionID: sessionID ?? "", prompt: prompt ?? "",
            model: fields.optionalIdentifier("model") ?? Self.localModels[kind] ?? "",
            aspectRatio: fields.optionalChoice("aspectRatio", ConvergenceRoutes.aspectRatios)
                ?? (sessionID == nil ? "16:9" : ""),
            metadataJson: fields.object("metadata", bytesMax: 16 << 10),
            sourceAssetID: fields.optionalIdentifier("sourceAssetId") ?? "",
            spending: fields.spending(context))
        try fields.finish()
        return request
    }

    private func answer(
        _ generation: SessionAPI.Generation, _ context: RequestContext, status: Int
    ) -> HTTPResponse {
        let writer = tools.writer(context)
        var response = jsonResponse(status) { writer.generation(&$0, generation) }
        if status == 202 {
            response.headers.append("Location", "/api/generations/\(generation.id)")
        }
        return response
    }
}
