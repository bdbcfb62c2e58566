internal import HTTP
internal import ServiceAPI

extension AnswerWriter {
    /// Something that was made, how, and how far it is while it is being made.
    func creation(_ object: inout JSONWriter.Members, _ creation: SessionAPI.Creation) {
        let generation = creation.generation
        object.text("id", creation.id)
        object.text("state", generation?.state ?? "completed")
        object.number("progress", generation?.progress ?? 1)
        object.integer("position", generation?.position ?? 0)
        object.flag("isGeneration", generation != nil)
        textOrNull(&object, "sessionId", creation.sessionID)
        origin(&object, creation)
        linkOrNull(&object, "sourceImageUrl", asset: creation.sourceAssetID)
        textOrNull(&object, "sourceAssetId", creation.sourceAssetID)
        object.array("assets", creation.assetIDs) { writer, id in
            writer.object {
                $0.text("id", id)
                $0.text("url", self.mediaLink(id))
            }
        }
        textOrNull(&object, "contentType", creation.contentType)
        object.integer("width", creation.width)
        object.integer("height", creation.height)
        object.flag("starred", creation.isStarred)
        if let error = generation?.error {
            object.object("error") { self.fault(&$0, error) }
        } else {
            object.null("error")
        }
        if creation.deletedAtUs > 0 {
            object.text("deletedAt", time(creation.deletedAtUs))
        } else {
            object.null("deletedAt")
        }
    }

    /// How it was made: what the manifest of an archive tells as well.
    func origin(_ object: inout JSONWriter.Members, _ creation: SessionAPI.Creation) {
        object.text("kind", creation.kind)
        object.text("step", creation.step)
        object.text("model", creation.model)
        textOrNull(&object, "provider", creation.provider)
        object.text("aspectRatio", creation.aspectRatio)
        object.text("prompt", creation.prompt)
        textOrNull(&object, "intent", creation.intent)
        object.array("choices", creation.choices) { writer, choice in
            writer.object {
                $0.text("type", choice.dimension)
                $0.text("optionId", choice.optionID)
                $0.text("label", choice.label)
            }
        }
        textOrNull(&object, "cameraMotion", creation.cameraMotionID)
        textOrNull(&object, "subjectMotion", creation.subjectMotion)
        object.raw("creditsConsumed", CreditText.number(creation.creditsU4))
        object.text("createdAt", time(creation.createdAtUs))
    }
}
