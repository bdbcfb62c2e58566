internal import CameraMoves
internal import Cryptography
package import RPC
package import ServiceAPI
internal import Wire

/// Decodes calls, has prompts composed and keeps their recipes.
package struct PromptHandler: PromptAPI.Handler {
    private let composition: Composition
    private let rules: PromptRules
    private let store: RecipeStore

    init(store: RecipeStore, rules: PromptRules) {
        self.store = store
        self.rules = rules
        composition = Composition(library: .current)
    }

    package func listOptions(
        _ request: PromptAPI.ListOptionsRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.ListOptionsReply {
        let dimension = try mapped { () throws(CompositionError) in
            try rules.dimension(request.dimension)
        }
        let options = composition.library.options[dimension] ?? []
        return PromptAPI.ListOptionsReply(
            dimension: dimension.rawValue,
            options: options.map {
                PromptAPI.Option(id: $0.id, label: $0.label, fragments: $0.fragments)
            },
            libraryVersion: composition.library.version)
    }

    package func listCameraMotions(
        _ request: PromptAPI.ListCameraMotionsRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.ListCameraMotionsReply {
        PromptAPI.ListCameraMotionsReply(
            motions: composition.library.motions.map(PromptAPI.CameraMotion.init))
    }

    package func buildPreviews(
        _ request: PromptAPI.BuildPreviewsRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.BuildPreviewsReply {
        let recipes = try mapped { () throws(CompositionError) in
            let intent = try rules.intent(request.intent)
            let dimension = try rules.dimension(request.dimension)
            let aspectRatio = try rules.aspectRatio(request.aspectRatio)
            let previews = try composition.previews(
                intent: intent, choices: try choices(request.choices), of: dimension,
                regeneration: request.regeneration, seed: request.seed)
            return previews.map { preview in
                Recipe(
                    intent: intent, aspectRatio: aspectRatio, choices: preview.choices,
                    dimension: dimension.rawValue, optionID: preview.optionID,
                    regeneration: request.regeneration, seed: request.seed,
                    prompt: preview.prompt, libraryVersion: composition.library.version)
            }
        }
        return PromptAPI.BuildPreviewsReply(recipes: try await kept(recipes))
    }

    package func buildFinal(
        _ request: PromptAPI.BuildFinalRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.BuildFinalReply {
        let (final, recipe) = try mapped { () throws(CompositionError) in
            let intent = try rules.intent(request.intent)
            let aspectRatio = try rules.aspectRatio(request.aspectRatio)
            let final = try composition.final(
                intent: intent, choices: try choices(request.choices),
                cameraMotionID: request.cameraMotionID,
                subjectMotion: try rules.subjectMotion(request.subjectMotion))
            let recipe = Recipe(
                intent: intent, aspectRatio: aspectRatio, choices: final.choices, dimension: "",
                optionID: "", regeneration: 0, seed: request.seed, prompt: final.prompt,
                libraryVersion: composition.library.version)
            return (final, recipe)
        }
        let kept = try await kept([recipe])
        return PromptAPI.BuildFinalReply(
            finalPrompt: final.prompt, videoPrompt: final.videoPrompt, recipe: kept.first)
    }

    package func getRecipe(
        _ request: PromptAPI.GetRecipeRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.Recipe {
        let found: PromptAPI.Recipe?
        do {
            found = try await store.recipe(request.id).map { packed in
                try PromptAPI.Recipe(packed: packed)
            }
        } catch {
            throw RPCError(storing: error)
        }
        guard let found else {
            throw RPCError(.notFound, "RECIPE_NOT_FOUND", "There is no recipe \(request.id).")
        }
        return found
    }

    // MARK: Between messages and values

    private func choices(
        _ choices: [PromptAPI.Choice]
    ) throws(CompositionError) -> [Composition.Choice] {
        var result: [Composition.Choice] = []
        for choice in choices {
            result.append(
                Composition.Choice(
                    dimension: try rules.dimension(choice.dimension), optionID: choice.optionID,
                    fragments: choice.fragments))
        }
        return result
    }

    /// The recipes as messages, once they are on disk.
    private func kept(_ recipes: [Recipe]) async throws(RPCError) -> [PromptAPI.Recipe] {
        let messages = recipes.map(PromptAPI.Recipe.init)
        do {
            var packed: [(id: String, packed: [UInt8])] = []
            for message in messages { packed.append((message.id, try message.packed())) }
            try await store.keep(packed)
        } catch {
            throw RPCError(storing: error)
        }
        return messages
    }

    private func mapped<Value>(
        _ body: () throws(CompositionError) -> Value
    ) throws(RPCError) -> Value {
        do throws(CompositionError) {
            return try body()
        } catch {
            throw RPCError(error)
        }
    }
}

extension PromptAPI.Recipe {
    init(_ recipe: Recipe) {
        self.init(
            id: "rcp_" + Hex.encode(SHA256.digest(of: recipe.canonicalBytes)),
            intent: recipe.intent, aspectRatio: recipe.aspectRatio,
            choices: recipe.choices.map {
                PromptAPI.Choice(
                    dimension: $0.dimension.rawValue, optionID: $0.optionID,
                    fragments: $0.fragments)
            },
            dimension: recipe.dimension, optionID: recipe.optionID,
            regeneration: recipe.regeneration, seed: recipe.seed, prompt: recipe.prompt,
            libraryVersion: recipe.libraryVersion)
    }
}

extension PromptAPI.CameraMotion {
    init(_ motion: CameraMotion) {
        let move = motion.move
        self.init(
            id: move.id, label: move.label, category: move.category.rawValue,
            description: move.description, start: PromptAPI.Vector(move.start),
            end: PromptAPI.Vector(move.end),
            startRotation: motion.rotates ? PromptAPI.Rotation(move.start) : nil,
            endRotation: motion.rotates ? PromptAPI.Rotation(move.end) : nil,
            durationSeconds: move.durationSeconds, fragments: motion.fragments,
            keyFrames: motion.isStraight ? [] : move.keys.map(PromptAPI.KeyFrame.init),
            isLoop: move.isLoop)
    }
}

extension PromptAPI.KeyFrame {
    init(_ key: CameraKey) {
        self.init(
            time: key.time, position: PromptAPI.Vector(key.placement),
            rotation: key.placement.isTurned ? PromptAPI.Rotation(key.placement) : nil,
            zoom: key.placement.zoom, easing: key.easing.rawValue)
    }
}

extension PromptAPI.Vector {
    init(_ placement: CameraPlacement) {
        self.init(x: placement.x, y: placement.y, z: placement.z)
    }
}

extension PromptAPI.Rotation {
    init(_ placement: CameraPlacement) {
        self.init(pitch: placement.pitch, yaw: placement.yaw, roll: placement.roll)
    }
}
