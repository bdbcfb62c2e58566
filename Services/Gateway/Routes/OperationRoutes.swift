internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// Operations: what a command does after its answer was 202.
struct OperationRoutes: Sendable {
    let tools: RouteTools

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/operations/{id}", operationID: "getOperation",
                summary: "How far an operation is; its answer once it has succeeded.",
                tag: "Operations",
                query: [
                    Route.Query(
                        name: "waitMs", summary: "Wait this long for it to end.",
                        schema: ["type": "integer", "minimum": 0, "maximum": 60_000])
                ],
                answers: [200: .json("Operation")], problems: [404]
            ) { context in
                let wait = try context.queryInteger("waitMs", in: 0...60_000, default: UInt32(0))
                let found =
                    wait == 0
                    ? try await tools.backends.session.getOperation(
                        .init(userID: context.userID, id: context.parameters[0]), context.call())
                    : try await tools.backends.session.waitOperation(
                        .init(userID: context.userID, id: context.parameters[0], waitMs: wait),
                        context.call(.milliseconds(Int64(wait)) + .seconds(2)))
                return try await answer(found, context)
            },
            Route(
                method: "POST", template: "/api/operations/{id}/cancel",
                operationID: "cancelOperation", summary: "Stop an operation; charge nothing.",
                tag: "Operations", access: .scope(.write), rate: .write,
                body: .json("EmptyRequest"), answers: [200: .json("Operation")], problems: [404]
            ) { context in
                var fields = try FieldReader(context.request)
                try fields.finish()
                let found = try await tools.backends.session.cancelOperation(
                    .init(userID: context.userID, id: context.parameters[0]), context.command())
                return try await answer(found, context)
            },
        ]
    }

    private func answer(
        _ operation: SessionAPI.Operation, _ context: RequestContext
    ) async throws -> HTTPResponse {
        let isFinal = operation.kind == "finalize" && operation.state == .succeeded
        let models = isFinal ? try await tools.finalModels(context) : []
        let writer = tools.writer(context)
        return jsonResponse { writer.operation(&$0, operation, models: models) }
    }
}
