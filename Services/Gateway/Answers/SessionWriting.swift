internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// Writes sessions, pictures and operations as the public sees them.
struct AnswerWriter: Sendable {
    let links: SignedLinks
    /// For whom links are signed.
    let userID: String

    func mediaLink(_ assetID: String) -> String {
        links.link("/api/media/\(assetID)", userID: userID)
    }

    func motionLink(sessionID: String, motionID: String) -> String {
        links.link(
            "/api/convergence/session/\(sessionID)/camera-motion/\(motionID)/preview",
            userID: userID)
    }

    func time(_ us: Int64) -> String { Timestamp(microseconds: us).rfc3339 }

    // MARK: Pictures

    /// A picture that is there, one that failed, or one that is still being made.
    func picture(_ writer: inout JSONWriter, _ picture: SessionAPI.Picture) {
        writer.object { object in
            if let error = picture.error {
                object.text("optionId", picture.optionID)
                object.object("error") { self.slotError(&$0, error) }
            } else if picture.isPending || picture.assetID.isEmpty {
                object.text("optionId", picture.optionID)
                object.flag("pending", true)
            } else {
                object.text("id", picture.id)
                object.text("url", mediaLink(picture.assetID))
                object.text("dimension", picture.dimension)
                object.text("optionId", picture.optionID)
                object.text("prompt", picture.prompt)
                object.integer("width", picture.width)
                object.integer("height", picture.height)
                object.text("provider", picture.provider)
                object.text("generatedAt", time(picture.generatedAtUs))
            }
        }
    }

    private func slotError(
        _ object: inout JSONWriter.Members, _ error: SessionAPI.Problem
    ) {
        object.text("code", error.code)
        object.flag("retryable", error.isRetryable)
    }

    func images(_ object: inout JSONWriter.Members, _ pictures: [SessionAPI.Picture]) {
        object.array("images", pictures) { writer, picture in self.picture(&writer, picture) }
    }

    func options(_ object: inout JSONWriter.Members, _ options: [SessionAPI.Option]) {
        object.array("options", options) { writer, option in
            writer.object {
                $0.text("id", option.id)
                $0.text("label", option.label)
            }
        }
    }

    func locks(_ object: inout JSONWriter.Members, _ locks: [SessionAPI.Lock]) {
        object.array("lockedDimensions", locks) { writer, lock in
            writer.object {
                $0.text("type", lock.dimension)
                $0.text("optionId", lock.optionID)
                $0.text("label", lock.label)
                $0.array("promptFragments", lock.fragments) { $0.text($1) }
            }
        }
    }

    // MARK: Camera paths

    func cameraPaths(
        _ object: inout JSONWriter.Members, _ session: SessionAPI.ConvergenceSession
    ) {
        object.array("cameraPaths", session.cameraPaths) { writer, path in
            writer.object { object in
                object.text("id", path.id)
                object.text("label", path.label)
                object.text("category", path.category)
                object.text("description", path.description)
                self.vector(&object, "start", path.start)
                self.vector(&object, "end", path.end)
                if path.startRotation != nil || path.endRotation != nil {
                    object.object("rotation") {
                        self.rotation(&$0, "start", path.startRotation)
                        self.rotation(&$0, "end", path.endRotation)
                    }
                }
                if !path.keyFrames.isEmpty {
                    object.array("keyFrames", path.keyFrames) { writer, key in
                        writer.object {
                            $0.number("time", key.time)
                            self.vector(&$0, "position", key.position)
                            self.rotation(&$0, "rotation", key.rotation)
                            $0.number("zoom", key.zoom)
                            $0.text("easing", key.easing)
                        }
                    }
                }
                object.flag("isLoop", path.isLoop)
                object.number("duration", path.durationSeconds)
                if session.isDepthFallback {
                    object.null("previewUrl")
                } else {
                    object.text(
                        "previewUrl", self.motionLink(sessionID: session.id, motionID: path.id))
                }
            }
        }
    }

    private func vector(
        _ object: inout JSONWriter.Members, _ name: String, _ vector: SessionAPI.Vector?
    ) {
        object.object(name) {
            $0.number("x", vector?.x ?? 0)
            $0.number("y", vector?.y ?? 0)
            $0.number("z", vector?.z ?? 0)
        }
    }

    private func rotation(
        _ object: inout JSONWriter.Members, _ name: String, _ rotation: SessionAPI.Rotation?
    ) {
        object.object(name) {
            $0.number("pitch", rotation?.pitch ?? 0)
            $0.number("yaw", rotation?.yaw ?? 0)
            $0.number("roll", rotation?.roll ?? 0)
        }
    }

    /// A text, or null when it is empty.
    func textOrNull(_ object: inout JSONWriter.Members, _ name: String, _ text: String) {
        if text.isEmpty { object.null(name) } else { object.text(name, text) }
    }

    func linkOrNull(_ object: inout JSONWriter.Members, _ name: String, asset: String) {
        if asset.isEmpty { object.null(name) } else { object.text(name, mediaLink(asset)) }
    }

    // MARK: Sessions

    func session(_ object: inout JSONWriter.Members, _ session: SessionAPI.ConvergenceSession) {
        object.text("id", session.id)
        object.integer("version", session.version)
        object.text("status", session.status)
        object.text("intent", session.intent)
        object.text("aspectRatio", session.aspectRatio)
        object.text("currentStep", session.step)
        textOrNull(&object, "direction", session.direction)
        locks(&object, session.locks)
        object.array("imageHistory", session.pictures) { writer, set in
            writer.object {
                $0.text("dimension", set.dimension)
                self.images(&$0, set.images)
                self.options(&$0, set.options)
            }
        }
        object.object("remainingRegenerations") {
            for count in session.regenerations { $0.integer(count.dimension, count.remaining) }
        }
        linkOrNull(&object, "depthMapUrl", asset: session.depthAssetID)
        object.flag("fallbackMode", session.isDepthFallback)
        cameraPaths(&object, session)
        textOrNull(&object, "cameraMotion", session.cameraMotionID)
        if session.hasSubjectMotion {
            object.text("subjectMotion", session.subjectMotion)
        } else {
            object.null("subjectMotion")
        }
        linkOrNull(&object, "videoUrl", asset: session.subjectVideoAssetID)
        linkOrNull(&object, "previewImageUrl", asset: session.previewAssetID)
        textOrNull(&object, "finalPrompt", session.finalPrompt)
        object.raw("totalCreditsConsumed", CreditText.number(session.totalCreditsU4))
        object.raw("estimatedTotal", CreditText.number(session.estimatedTotalU4))
        object.array("costs", session.costs) { writer, cost in
            writer.object {
                $0.text("step", cost.step)
                $0.raw("credits", CreditText.number(cost.amountU4))
            }
        }
        textOrNull(&object, "operationId", session.runningOperationID)
        object.text("createdAt", time(session.createdAtUs))
        object.text("updatedAt", time(session.updatedAtUs))
        object.text("expiresAt", time(session.expiresAtUs))
    }

    // MARK: Generations

    func generation(_ object: inout JSONWriter.Members, _ generation: SessionAPI.Generation) {
        object.text("id", generation.id)
        object.text("kind", generation.kind)
        object.text("state", generation.state)
        object.number("progress", generation.progress)
        object.integer("position", generation.position)
        textOrNull(&object, "sessionId", generation.sessionID)
        textOrNull(&object, "operationId", generation.operationID)
        object.text("prompt", generation.prompt)
        object.text("model", generation.model)
        object.text("aspectRatio", generation.aspectRatio)
        textOrNull(&object, "provider", generation.provider)
        linkOrNull(&object, "url", asset: generation.assetID)
        textOrNull(&object, "assetId", generation.assetID)
        object.array("assets", generation.assetIDs) { writer, id in
            writer.object {
                $0.text("id", id)
                $0.text("url", self.mediaLink(id))
            }
        }
        textOrNull(&object, "contentType", generation.contentType)
        object.raw("creditsConsumed", CreditText.number(generation.creditsConsumedU4))
        if let error = generation.error {
            object.object("error") { self.fault(&$0, error) }
        } else {
            object.null("error")
        }
        let metadata = try? JSONValue(parsing: Array(generation.metadataJson.utf8))
        object.value("metadata", metadata?.members == nil ? [:] : metadata ?? [:])
        object.text("createdAt", time(generation.createdAtUs))
        if generation.finishedAtUs > 0 {
            object.text("finishedAt", time(generation.finishedAtUs))
        } else {
            object.null("finishedAt")
        }
    }

    func fault(_ object: inout JSONWriter.Members, _ error: SessionAPI.Problem) {
        let problem = Problem(error)
        object.text("code", problem.code)
        object.text("detail", problem.detail)
        object.flag("retryable", problem.isRetryable)
        object.value("details", .object(problem.details))
    }
}
