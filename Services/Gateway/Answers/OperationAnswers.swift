internal import HTTP
internal import ServiceAPI

extension AnswerWriter {
    /// What a finished command answers, by its kind; the shapes are those of the OpenAPI document.
    func result(
        _ object: inout JSONWriter.Members, _ operation: SessionAPI.Operation,
        models: [FinalModel] = []
    ) {
        let session = operation.session ?? SessionAPI.ConvergenceSession()
        object.text("sessionId", session.id)
        object.integer("version", session.version)
        object.raw("creditsConsumed", CreditText.number(operation.creditsConsumedU4))
        switch operation.kind {
        case "start":
            shown(&object, operation, session)
            object.raw("estimatedCost", CreditText.number(operation.estimatedU4))
            object.raw("estimatedTotal", CreditText.number(session.estimatedTotalU4))
        case "select":
            shown(&object, operation, session)
            chosen(&object, session)
        case "regenerate":
            shown(&object, operation, session)
            let count = session.regenerations.first { $0.dimension == operation.dimension }
            object.integer("remainingRegenerations", count?.remaining ?? 0)
        case "retry":
            shown(&object, operation, session)
        case "camera_motion", "select_camera_motion":
            object.text("currentDimension", session.step)
            linkOrNull(&object, "depthMapUrl", asset: session.depthAssetID)
            cameraPaths(&object, session)
            object.flag("fallbackMode", session.isDepthFallback)
            textOrNull(&object, "cameraMotion", session.cameraMotionID)
        case "subject_motion", "skip_subject_motion":
            object.text("currentDimension", session.step)
            linkOrNull(&object, "videoUrl", asset: session.subjectVideoAssetID)
            object.text("prompt", session.videoPrompt)
            object.text("subjectMotion", session.subjectMotion)
        case "finalize":
            final(&object, session, models: models)
        default:
            shown(&object, operation, session)
            chosen(&object, session)
            object.object("session") { self.session(&$0, session) }
        }
    }

    /// The pictures to choose between now.
    private func shown(
        _ object: inout JSONWriter.Members, _ operation: SessionAPI.Operation,
        _ session: SessionAPI.ConvergenceSession
    ) {
        let made = operation.pictures.flatMap { $0.images.isEmpty ? nil : $0 }
        let set = made ?? session.pictures.first { $0.dimension == session.step }
        images(&object, set?.images ?? [])
        object.text("currentDimension", session.step)
        options(&object, set?.options ?? [])
    }

    private func chosen(
        _ object: inout JSONWriter.Members, _ session: SessionAPI.ConvergenceSession
    ) {
        locks(&object, session.locks)
        textOrNull(&object, "direction", session.direction)
    }

    private func final(
        _ object: inout JSONWriter.Members, _ session: SessionAPI.ConvergenceSession,
        models: [FinalModel]
    ) {
        object.text("finalPrompt", session.finalPrompt)
        chosen(&object, session)
        linkOrNull(&object, "previewImageUrl", asset: session.previewAssetID)
        object.text("cameraMotion", session.cameraMotionID)
        object.text("subjectMotion", session.subjectMotion)
        linkOrNull(&object, "videoUrl", asset: session.subjectVideoAssetID)
        object.raw("totalCreditsConsumed", CreditText.number(session.totalCreditsU4))
        object.object("generationCosts") {
            for model in models { $0.raw(model.id, CreditText.number(model.amountU4)) }
        }
        Self.models(&object, models)
    }

    static func models(_ object: inout JSONWriter.Members, _ models: [FinalModel]) {
        object.array("models", models) { writer, model in
            writer.object {
                $0.text("id", model.id)
                $0.text("label", model.label)
                $0.raw("cost", CreditText.number(model.amountU4))
                $0.flag("available", model.isAvailable)
            }
        }
    }

    /// An operation by itself, with the command's answer once it has succeeded.
    func operation(
        _ object: inout JSONWriter.Members, _ operation: SessionAPI.Operation,
        models: [FinalModel] = []
    ) {
        object.text("id", operation.id)
        object.text("kind", operation.kind)
        object.text("state", Self.stateName(operation.state))
        textOrNull(&object, "sessionId", operation.sessionID)
        textOrNull(&object, "dimension", operation.dimension)
        object.integer("done", operation.done)
        object.integer("total", operation.total)
        object.raw("creditsConsumed", CreditText.number(operation.creditsConsumedU4))
        object.raw("estimatedCost", CreditText.number(operation.estimatedU4))
        if let pictures = operation.pictures, operation.state == .running {
            images(&object, pictures.images)
        }
        if let error = operation.error {
            object.object("error") { self.fault(&$0, error) }
        } else {
            object.null("error")
        }
        if operation.state == .succeeded, operation.session != nil {
            object.object("result") { self.result(&$0, operation, models: models) }
        } else if operation.state == .succeeded, let generation = operation.generation {
            object.object("result") { self.generation(&$0, generation) }
        } else {
            object.null("result")
        }
        object.text("createdAt", time(operation.createdAtUs))
        if operation.finishedAtUs > 0 {
            object.text("finishedAt", time(operation.finishedAtUs))
        } else {
            object.null("finishedAt")
        }
    }

    static func stateName(_ state: SessionAPI.OperationState) -> String {
        switch state {
        case .unspecified, .running, .unrecognized: "running"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }
}

/// A model that a final video can be made with, and its price.
struct FinalModel: Hashable, Sendable {
    let id: String
    let label: String
    let amountU4: Int64
    let isAvailable: Bool
}
