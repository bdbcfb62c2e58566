internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The convergence flow: one command after the other, each answered when its pictures are there.
struct ConvergenceRoutes: Sendable {
    static let dimensions = ["direction", "mood", "framing", "lighting"]
    static let steps = dimensions + ["camera_motion", "subject_motion", "preview"]
    static let aspectRatios = ["16:9", "9:16", "1:1", "4:3", "3:4"]

    let tools: RouteTools

    private var session: SessionAPI.Client { tools.backends.session }

    var routes: [Route] {
        [
            command(
                "start", "startConvergence", "Start a session: four directions to choose from.",
                body: "StartRequest", answer: "StartAnswer", success: 201
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let intent = fields.text("intent", 1...4000)
                let aspect = fields.optionalChoice("aspectRatio", Self.aspectRatios)
                let spending = fields.spending(context)
                try fields.finish()
                return try await session.start(
                    .init(
                        userID: context.userID, intent: intent, aspectRatio: aspect ?? "16:9",
                        spending: spending), options)
            },
            command(
                "select", "selectOption", "Choose a picture; the next dimension's come back.",
                body: "SelectRequest", answer: "SelectAnswer"
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.SelectRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(),
                    dimension: fields.choice("dimension", Self.dimensions),
                    optionID: fields.identifier("optionId"), spending: fields.spending(context))
                try fields.finish()
                return try await session.select(request, options)
            },
            command(
                "regenerate", "regenerateDimension", "Make other pictures of a dimension.",
                body: "DimensionRequest", answer: "RegenerateAnswer"
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.RegenerateRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(),
                    dimension: fields.choice("dimension", Self.dimensions),
                    spending: fields.spending(context))
                try fields.finish()
                return try await session.regenerate(request, options)
            },
            command(
                "retry", "retryImage", "Make a missing picture; no regeneration is used up.",
                body: "SelectRequest", answer: "RetryAnswer"
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.RetryRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(),
                    dimension: fields.choice("dimension", Self.dimensions),
                    optionID: fields.identifier("optionId"), spending: fields.spending(context))
                try fields.finish()
                return try await session.retry(request, options)
            },
            command(
                "jump", "jumpToStep", "Go back to a step that is done.", body: "JumpRequest",
                answer: "NavigateAnswer", rate: .write
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.JumpRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(), step: fields.choice("step", Self.steps),
                    spending: fields.spending(context))
                try fields.finish()
                return try await session.jump(request, options)
            },
            command(
                "intent", "editIntent", "Change the intent at the direction step.",
                body: "IntentRequest", answer: "NavigateAnswer"
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.EditIntentRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(), intent: fields.text("intent", 1...4000),
                    spending: fields.spending(context))
                try fields.finish()
                return try await session.editIntent(request, options)
            },
            command(
                "camera-motion/select", "selectCameraMotion", "Choose a camera move.",
                body: "CameraMotionRequest", answer: "CameraMotionAnswer", rate: .write
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.SelectCameraMotionRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(), cameraMotionID: fields.identifier("cameraMotionId"),
                    spending: fields.spending(context))
                try fields.finish()
                return try await session.selectCameraMotion(request, options)
            },
            command(
                "subject-motion", "startSubjectMotion", "See the subject move, in words of yours.",
                body: "SubjectMotionRequest", answer: "SubjectMotionAnswer"
            ) { context, options throws in
                var fields = try FieldReader(context.request)
                let request = SessionAPI.SubjectMotionRequest(
                    userID: context.userID, sessionID: fields.identifier("sessionId"),
                    version: fields.version(),
                    subjectMotion: fields.text("subjectMotion", 1...1000),
                    spending: fields.spending(context))
                try fields.finish()
                return try await session.subjectMotion(request, options)
            },
            navigation("back", "goBack", "Go back one step.", "NavigateAnswer") {
                try await session.back($0, $1)
            },
            navigation("resume", "resumeSession", "Go on with a session.", "NavigateAnswer") {
                try await session.resume($0, $1)
            },
            navigation("abandon", "abandonSession", "Give a session up.", "NavigateAnswer") {
                try await session.abandon($0, $1)
            },
            navigation(
                "cancel", "cancelCommand", "Stop what the session is making; nothing is charged.",
                "NavigateAnswer"
            ) { try await session.cancel($0, $1) },
            navigation(
                "camera-motion", "startCameraMotion", "The depth map and the camera moves.",
                "CameraMotionAnswer", rate: .paid
            ) { try await session.cameraMotion($0, $1) },
            navigation(
                "subject-motion/skip", "skipSubjectMotion", "Go on without subject motion.",
                "SubjectMotionAnswer"
            ) { try await session.skipSubjectMotion($0, $1) },
            navigation(
                "finalize", "finalizeSession", "Complete the session: prompt, costs and models.",
                "FinalizeAnswer", problems: [400]
            ) { try await session.finalize($0, $1) },
        ] + reads
    }

    // MARK: Commands

    private typealias Start =
        @Sendable (RequestContext, CallOptions) async throws -> SessionAPI.Operation

    private func command(
        _ name: String, _ operationID: String, _ summary: String, body: String, answer: String,
        success: Int = 200, rate: RateClass = .paid, problems: [Int] = [], _ start: @escaping Start
    ) -> Route {
        Route(
            method: "POST", template: "/api/convergence/\(name)", operationID: operationID,
            summary: summary, tag: "Convergence", access: .scope(.write), rate: rate,
            body: .json(body), query: [.dryRun],
            answers: success == 200
                ? [200: .either([answer, "DryRunAnswer"]), 202: .json("AcceptedAnswer")]
                : [
                    200: .json("DryRunAnswer"), success: .json(answer),
                    202: .json("AcceptedAnswer"),
                ],
            problems: problems + [402, 403, 404, 410, 502]
        ) { context in
            let operation: SessionAPI.Operation
            do {
                operation = try await start(context, context.command())
            } catch let error as RPCError where error.domainCode == "VERSION_CONFLICT" {
                throw await conflict(error, context)
            }
            return try await tools.finish(operation, context, success: success)
        }
    }

    /// The session as it is now goes with the refusal, so that the caller can go on from it.
    private func conflict(_ error: RPCError, _ context: RequestContext) async -> Problem {
        var problem = Problem(error)
        let id = error.details.first { $0.key == "sessionId" }?.value ?? ""
        let request = SessionAPI.GetSessionRequest(userID: context.userID, sessionID: id)
        guard let fresh = try? await session.getSession(request, context.call()) else {
            return problem
        }
        let answers = tools.writer(context)
        var writer = JSONWriter()
        writer.object { answers.session(&$0, fresh) }
        if let value = try? JSONValue(parsing: writer.bytes) {
            problem.details.append(.init("session", value))
        }
        return problem
    }

    private typealias Navigate =
        @Sendable (SessionAPI.NavigateRequest, CallOptions) async throws -> SessionAPI.Operation

    private func navigation(
        _ name: String, _ operationID: String, _ summary: String, _ answer: String,
        rate: RateClass = .write, problems: [Int] = [], _ call: @escaping Navigate
    ) -> Route {
        command(
            name, operationID, summary, body: "SessionRequest", answer: answer, rate: rate,
            problems: problems
        ) { context, options in
            var fields = try FieldReader(context.request)
            let request = SessionAPI.NavigateRequest(
                userID: context.userID, sessionID: fields.identifier("sessionId"),
                version: fields.version(), spending: fields.spending(context))
            try fields.finish()
            return try await call(request, options)
        }
    }

    // MARK: Reads

    private var reads: [Route] {
        [
            Route(
                method: "GET", template: "/api/convergence/session/active",
                operationID: "getActiveSession", summary: "The session in progress, or null.",
                tag: "Convergence", answers: [200: .json("ActiveSessionAnswer")]
            ) { context in
                let active = try await session.getActiveSession(
                    .init(userID: context.userID), context.call())
                let writer = tools.writer(context)
                return jsonResponse { object in
                    if let session = active.session {
                        object.object("session") { writer.session(&$0, session) }
                    } else {
                        object.null("session")
                    }
                }
            },
            Route(
                method: "GET", template: "/api/convergence/session/{id}",
                operationID: "getSession", summary: "A session with everything shown so far.",
                tag: "Convergence", answers: [200: .json("SessionAnswer")],
                problems: [403, 404, 410]
            ) { context in
                let found = try await session.getSession(
                    .init(userID: context.userID, sessionID: context.parameters[0]),
                    context.call())
                let writer = tools.writer(context)
                return jsonResponse { object in
                    object.object("session") { writer.session(&$0, found) }
                }
            },
            Route(
                method: "GET", template: "/api/convergence/sessions", operationID: "listSessions",
                summary: "The caller's sessions, newest first.", tag: "Convergence",
                query: Route.Query.page, answers: [200: .json("SessionsAnswer")]
            ) { context in
                let limit = try context.queryInteger("limit", in: 1...100, default: UInt32(10))
                let found = try await session.listSessions(
                    .init(
                        userID: context.userID, limit: limit,
                        cursor: try context.queryText("cursor") ?? ""), context.call())
                let writer = tools.writer(context)
                return jsonResponse { object in
                    object.array("sessions", found.sessions) { json, session in
                        json.object { writer.session(&$0, session) }
                    }
                    writer.textOrNull(&object, "nextCursor", found.nextCursor)
                }
            },
            Route(
                method: "GET",
                template: "/api/convergence/session/{id}/camera-motion/{motionId}/preview",
                operationID: "getMotionPreview",
                summary: "The rendered camera move; made when it is first asked for.",
                tag: "Convergence", access: .link,
                query: [
                    Route.Query(
                        name: "format", summary: "mp4, or frames for a sequence of JPEGs.",
                        schema: ["type": "string", "enum": ["mp4", "frames"]])
                ] + Route.Query.signature,
                answers: [
                    200: .bytes(["video/mp4", "multipart/x-mixed-replace"]),
                    206: .bytes(["video/mp4"]),
                ],
                problems: [403, 404, 409, 410, 416, 502]
            ) { context in
                let preview: SessionAPI.MotionPreview
                do {
                    preview = try await session.getMotionPreview(
                        .init(
                            userID: context.userID, sessionID: context.parameters[0],
                            cameraMotionID: context.parameters[1], format: try format(context)),
                        context.call(.seconds(60)))
                } catch let error as RPCError where error.code == .invalidArgument {
                    throw Problem.notFound("such camera motion")
                }
                // Another picture of the same session makes another preview at the same place.
                return try await MediaRoutes(tools: tools).asset(
                    preview.assetID, context, isPermanent: false)
            },
        ]
    }

    /// By `?format=`, else by what the caller accepts.
    private func format(_ context: RequestContext) throws -> String {
        if let format = try context.queryText("format") {
            guard ["mp4", "frames"].contains(format) else {
                throw Problem.validation([
                    FieldFault(
                        field: "format", code: "choice", detail: "It must be one of mp4, frames.")
                ])
            }
            return format
        }
        let accept = context.request.headers["Accept"] ?? ""
        return accept.contains("multipart/x-mixed-replace") ? "frames" : "mp4"
    }
}

extension RouteTools {
    /// Waits for an operation and answers with what it made; 202 when the caller does not want to
    /// wait, or has waited for long enough.
    func finish(
        _ operation: SessionAPI.Operation, _ context: RequestContext, success: Int
    ) async throws -> HTTPResponse {
        var operation = operation
        if let dryRun = operation.dryRun { return answer(dryRun, context) }
        if operation.state == .running {
            if context.prefersAsync {
                var response = accepted(operation, context)
                response.headers.append("Preference-Applied", "respond-async")
                return response
            }
            let wait = configuration.commandWait
            operation = try await backends.session.waitOperation(
                .init(
                    userID: context.userID, id: operation.id,
                    waitMs: UInt32(clamping: wait.millisecondsRoundedUp)),
                context.call(wait + .seconds(2)))
        }
        switch operation.state {
        case .running, .unspecified, .unrecognized: return accepted(operation, context)
        case .failed:
            throw operation.error.map(Problem.init)
                ?? Problem(502, "IMAGE_GENERATION_FAILED", "It did not work; nothing was charged.")
        case .cancelled:
            throw Problem(
                409, "CANCELLED", "The command was cancelled; nothing was charged.",
                details: [.init("operationId", .text(operation.id))])
        case .succeeded: break
        }
        let models = operation.kind == "finalize" ? try await finalModels(context) : []
        let writer = writer(context)
        return jsonResponse(success) { writer.result(&$0, operation, models: models) }
    }

    /// What a command that was only tried would have been charged.
    func answer(_ dryRun: SessionAPI.DryRun, _ context: RequestContext) -> HTTPResponse {
        let writer = writer(context)
        return jsonResponse { object in
            object.flag("dryRun", true)
            writer.textOrNull(&object, "operation", dryRun.operation)
            writer.textOrNull(&object, "model", dryRun.model)
            object.integer("quantity", dryRun.quantity)
            object.raw("credits", CreditText.number(dryRun.amountU4))
            object.raw("available", CreditText.number(dryRun.availableU4))
            object.raw("balanceAfter", CreditText.number(dryRun.balanceAfterU4))
            object.integer("priceVersion", dryRun.priceVersion)
        }
    }

    func accepted(_ operation: SessionAPI.Operation, _ context: RequestContext) -> HTTPResponse {
        let writer = writer(context)
        var response = jsonResponse(202) { object in
            object.text("operationId", operation.id)
            writer.textOrNull(
                &object, "sessionId",
                operation.sessionID.isEmpty ? operation.session?.id ?? "" : operation.sessionID)
            object.object("operation") { writer.operation(&$0, operation) }
        }
        response.headers.append("Location", "/api/operations/\(operation.id)")
        return response
    }
}

extension Route.Query {
    static let page = [
        Route.Query(
            name: "limit", summary: "How many, at most.",
            schema: ["type": "integer", "minimum": 1, "maximum": 100]),
        Route.Query(
            name: "cursor", summary: "nextCursor of the page before.", schema: ["type": "string"]),
    ]

    static let dryRun = Route.Query(
        name: dryRunName,
        summary: "true: check everything and answer with what it would cost; nothing happens.",
        schema: ["type": "boolean"])
    static let dryRunName = "dryRun"

    static let signature = [
        Route.Query(
            name: "user", summary: "Of a signed link.", schema: ["type": "string"]),
        Route.Query(
            name: "expires", summary: "Of a signed link: seconds since 1970.",
            schema: ["type": "integer"]),
        Route.Query(name: "signature", summary: "Of a signed link.", schema: ["type": "string"]),
    ]
}
