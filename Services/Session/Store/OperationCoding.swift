internal import ServiceAPI
internal import Storage
internal import Wire

/// What an operation set out to make and how far it came, as one packed message.
enum OperationCoding {
    static func pack(_ operation: Operation) throws -> [UInt8] {
        var message = SessionAPI.StoredJournal(
            recipes: operation.recipes.map {
                SessionAPI.StoredRecipe(
                    slotID: $0.slotID, recipeID: $0.recipeID, fragments: $0.fragments,
                    prompt: $0.prompt)
            },
            slots: operation.slots.map {
                SessionAPI.StoredSlot($0, dimension: operation.dimension)
            },
            failure: operation.failure.map(SessionAPI.Problem.init),
            deliveredAssetID: operation.delivered?.assetID ?? "",
            deliveredContentType: operation.delivered?.contentType ?? "",
            deliveredProvider: operation.delivered?.provider ?? "",
            spending: SessionAPI.Spending(operation.terms), requestID: operation.requestID)
        switch operation.work {
        case .navigation: break
        case .pictures(let plan): message.pictures = SessionAPI.StoredPicturePlan(plan)
        case .depth(let source):
            message.depth = SessionAPI.StoredDepthPlan(sourceAssetID: source)
        case .clip(let plan): message.clip = SessionAPI.StoredClipPlan(plan)
        case .generation(let plan): message.generation = SessionAPI.StoredGenerationPlan(plan)
        }
        return try message.packed()
    }

    static func work(_ message: SessionAPI.StoredJournal) throws -> Operation.Work {
        if let plan = message.pictures { return .pictures(try PicturePlan(plan)) }
        if let plan = message.depth { return .depth(sourceAssetID: plan.sourceAssetID) }
        if let plan = message.clip { return .clip(try ClipPlan(plan)) }
        if let plan = message.generation { return .generation(try GenerationPlan(plan)) }
        return .navigation
    }

    /// Fills what lies beside the columns.
    static func fill(_ operation: inout Operation, from message: SessionAPI.StoredJournal) {
        operation.recipes = message.recipes.map {
            Operation.Recipe(
                slotID: $0.slotID, recipeID: $0.recipeID, fragments: $0.fragments,
                prompt: $0.prompt)
        }
        operation.slots = message.slots.map(Slot.init)
        operation.failure = message.failure.map(Failure.init)
        operation.terms = SpendingTerms(message.spending)
        operation.requestID = message.requestID
        if !message.deliveredAssetID.isEmpty {
            operation.delivered = Operation.Delivered(
                assetID: message.deliveredAssetID, contentType: message.deliveredContentType,
                provider: message.deliveredProvider)
        }
    }
}

extension SessionAPI.StoredPicturePlan {
    init(_ plan: PicturePlan) {
        self.init(
            purpose: plan.purpose.rawValue, dimension: plan.dimension.rawValue,
            path: Bytes(plan.path.bytes), intent: plan.intent, aspectRatio: plan.aspectRatio,
            choices: plan.choices.map(SessionAPI.StoredChoice.init),
            regeneration: UInt32(plan.regeneration), seed: plan.seed, missing: plan.missing)
    }
}

extension PicturePlan {
    init(_ stored: SessionAPI.StoredPicturePlan) throws(StorageError) {
        guard let purpose = Purpose(rawValue: stored.purpose) else {
            throw .corrupt("there is no purpose \(stored.purpose)")
        }
        var choices: [Choice] = []
        for choice in stored.choices { choices.append(try Choice(choice)) }
        self.init(
            purpose: purpose, dimension: try SessionCoding.dimension(stored.dimension),
            path: PathKey(bytes: Array(stored.path)), intent: stored.intent,
            aspectRatio: stored.aspectRatio, choices: choices,
            regeneration: Int(stored.regeneration), seed: stored.seed, missing: stored.missing)
    }
}

extension SessionAPI.StoredClipPlan {
    init(_ plan: ClipPlan) {
        self.init(
            key: Bytes(plan.key.bytes), sourceAssetID: plan.sourceAssetID,
            cameraMotionID: plan.cameraMotionID, subjectMotion: plan.subjectMotion,
            choices: plan.choices.map(SessionAPI.StoredChoice.init))
    }
}

extension ClipPlan {
    init(_ stored: SessionAPI.StoredClipPlan) throws(StorageError) {
        var choices: [Choice] = []
        for choice in stored.choices { choices.append(try Choice(choice)) }
        self.init(
            key: PathKey(bytes: Array(stored.key)), sourceAssetID: stored.sourceAssetID,
            cameraMotionID: stored.cameraMotionID, subjectMotion: stored.subjectMotion,
            choices: choices)
    }
}

extension SessionAPI.StoredGenerationPlan {
    init(_ plan: GenerationPlan) {
        self.init(
            generationID: plan.generationID, kind: plan.kind.rawValue, model: plan.model,
            prompt: plan.prompt, aspectRatio: plan.aspectRatio,
            sourceAssetID: plan.sourceAssetID, cameraMotionID: plan.cameraMotionID,
            subjectMotion: plan.subjectMotion, seed: plan.seed, intent: plan.intent,
            choices: plan.choices.map(SessionAPI.StoredChoice.init))
    }
}

extension GenerationPlan {
    init(_ stored: SessionAPI.StoredGenerationPlan) throws(StorageError) {
        guard let kind = Kind(rawValue: stored.kind) else {
            throw .corrupt("there is no kind of generation \(stored.kind)")
        }
        self.init(
            generationID: stored.generationID, kind: kind, model: stored.model,
            prompt: stored.prompt, aspectRatio: stored.aspectRatio,
            sourceAssetID: stored.sourceAssetID, cameraMotionID: stored.cameraMotionID,
            subjectMotion: stored.subjectMotion, seed: stored.seed)
        intent = stored.intent
        for choice in stored.choices { choices.append(try Choice(choice)) }
    }
}

extension SessionAPI.Spending {
    /// Nil when nothing was agreed.
    init?(_ terms: SpendingTerms) {
        if terms == SpendingTerms() { return nil }
        self.init(quoteID: terms.quoteID, maxAmountU4: terms.maxAmountU4)
    }
}

extension SpendingTerms {
    init(_ spending: SessionAPI.Spending?) {
        self.init(
            quoteID: spending?.quoteID ?? "", maxAmountU4: spending?.maxAmountU4 ?? 0)
    }
}
