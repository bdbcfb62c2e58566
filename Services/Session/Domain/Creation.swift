/// Something that was made and paid for, with how it was made: an entry of its user's gallery.
package struct Creation: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case picture, clip, storyboard, video
    }

    /// What it was made from.
    package struct Recipe: Hashable, Sendable {
        package var prompt: String
        /// Empty when there was only a prompt.
        package var intent: String
        /// In flow order. The last one of a session's picture is its own option.
        package var choices: [Choice]
        package var cameraMotionID = ""
        package var subjectMotion = ""
        /// What a clip or video moves.
        package var sourceAssetID = ""

        package init(prompt: String, intent: String, choices: [Choice]) {
            self.prompt = prompt
            self.intent = intent
            self.choices = choices
        }
    }

    package var id: String
    package var userID: String
    /// Empty = of none.
    package var sessionID: String
    package var operationID: String
    package var kind: Kind
    /// A dimension, `subject_motion`, or the kind of generation.
    package var step: String
    package var model: String
    package var provider: String
    package var aspectRatio: String
    package var assetIDs: [String]
    package var contentType: String
    /// In pixels; 0 = not known.
    package var width: UInt32 = 0
    package var height: UInt32 = 0
    package var chargedU4: Int64 = 0
    package var recipe: Recipe
    package var isStarred = false
    package var isGeneration = false
    package var createdAtUs: Int64
    /// 0 = not deleted.
    package var deletedAtUs: Int64 = 0

    package init(
        id: String, userID: String, sessionID: String, operationID: String, kind: Kind,
        step: String, model: String, provider: String, aspectRatio: String, assetIDs: [String],
        contentType: String, recipe: Recipe, createdAtUs: Int64
    ) {
        self.id = id
        self.userID = userID
        self.sessionID = sessionID
        self.operationID = operationID
        self.kind = kind
        self.step = step
        self.model = model
        self.provider = provider
        self.aspectRatio = aspectRatio
        self.assetIDs = assetIDs
        self.contentType = contentType
        self.recipe = recipe
        self.createdAtUs = createdAtUs
    }

    fileprivate init(
        id: String, operation: Operation, kind: Kind, step: String, provider: String,
        aspectRatio: String, assetIDs: [String], contentType: String, recipe: Recipe,
        createdAtUs: Int64
    ) {
        self.init(
            id: id, userID: operation.userID, sessionID: operation.sessionID,
            operationID: operation.id, kind: kind, step: step, model: provider,
            provider: provider, aspectRatio: aspectRatio, assetIDs: assetIDs,
            contentType: contentType, recipe: recipe, createdAtUs: createdAtUs)
    }

    /// A generation that has been accepted; what it made is written when it ends.
    package init(_ generation: Generation, _ plan: GenerationPlan, _ operation: Operation) {
        let kind: Kind =
            switch plan.kind {
            case .image: .picture
            case .storyboard: .storyboard
            case .draft, .final: .video
            }
        var recipe = Recipe(prompt: plan.prompt, intent: plan.intent, choices: plan.choices)
        recipe.cameraMotionID = plan.kind.isVideo ? plan.cameraMotionID : ""
        recipe.subjectMotion = plan.kind.isVideo ? plan.subjectMotion : ""
        recipe.sourceAssetID = plan.kind.isVideo ? plan.sourceAssetID : ""
        self.init(
            id: generation.id, operation: operation, kind: kind, step: plan.kind.rawValue,
            provider: "", aspectRatio: plan.aspectRatio, assetIDs: [], contentType: "",
            recipe: recipe, createdAtUs: generation.createdAtUs)
        model = plan.model
        isGeneration = true
    }

    /// What is searched, in lower case.
    package var words: String {
        let labels = recipe.choices.map(\.label) + [recipe.subjectMotion]
        return ([recipe.intent, recipe.prompt] + labels).filter { !$0.isEmpty }
            .joined(separator: "\n").lowercased()
    }
}

extension SessionMachine {
    /// The pictures of an operation that succeeded.
    func creations(of operation: Operation, _ plan: PicturePlan) -> [Creation] {
        operation.slots.compactMap { slot in
            guard let picture = slot.picture else { return nil }
            let own = Choice(
                dimension: plan.dimension, optionID: slot.optionID,
                label: label(of: slot.optionID, plan.dimension), fragments: picture.fragments,
                assetID: picture.assetID)
            var creation = Creation(
                id: picture.id, operation: operation, kind: .picture,
                step: plan.dimension.rawValue, provider: picture.provider,
                aspectRatio: plan.aspectRatio,
                assetIDs: [picture.assetID], contentType: "",
                recipe: .init(
                    prompt: picture.prompt, intent: plan.intent, choices: plan.choices + [own]),
                createdAtUs: picture.generatedAtUs)
            creation.width = picture.width
            creation.height = picture.height
            creation.chargedU4 = operation.unitU4
            return creation
        }
    }

    /// The clip of an operation that succeeded.
    func creation(
        of operation: Operation, _ plan: ClipPlan, _ delivered: Operation.Delivered,
        in session: Session, nowUs: Int64
    ) -> Creation {
        var recipe = Creation.Recipe(
            prompt: operation.recipes.first?.prompt ?? "", intent: session.intent,
            choices: plan.choices)
        recipe.cameraMotionID = plan.cameraMotionID
        recipe.subjectMotion = plan.subjectMotion
        recipe.sourceAssetID = plan.sourceAssetID
        var creation = Creation(
            id: "clip_\(operation.id)", operation: operation, kind: .clip,
            step: Step.subjectMotion.rawValue, provider: delivered.provider,
            aspectRatio: session.aspectRatio,
            assetIDs: [delivered.assetID], contentType: delivered.contentType, recipe: recipe,
            createdAtUs: nowUs)
        creation.chargedU4 = operation.heldU4
        return creation
    }

    private func label(of optionID: String, _ dimension: Dimension) -> String {
        rules.options[dimension]?.first { $0.id == optionID }?.label ?? optionID
    }
}
