import RPC
import ServiceAPI

/// The prompt service, which has nothing to do with money: four options for each dimension and
/// prompts that name what they are made of.
struct SimulatedPrompt: PromptAPI.Handler {
    static let options: [String: [String]] = [
        "direction": ["cinematic", "social", "artistic", "documentary"],
        "mood": ["dramatic", "peaceful", "mysterious", "nostalgic"],
        "framing": ["wide", "medium", "closeup", "extreme_closeup"],
        "lighting": ["golden_hour", "blue_hour", "high_key", "low_key"],
    ]
    static let motions = ["static", "push_in", "pan_left"]

    func listOptions(
        _ request: PromptAPI.ListOptionsRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.ListOptionsReply {
        PromptAPI.ListOptionsReply(
            dimension: request.dimension,
            options: (Self.options[request.dimension] ?? []).map {
                PromptAPI.Option(id: $0, label: $0.uppercased())
            })
    }

    func listCameraMotions(
        _ request: PromptAPI.ListCameraMotionsRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.ListCameraMotionsReply {
        PromptAPI.ListCameraMotionsReply(
            motions: Self.motions.map {
                PromptAPI.CameraMotion(
                    id: $0, label: $0, category: "dolly", description: "It moves.")
            })
    }

    func buildPreviews(
        _ request: PromptAPI.BuildPreviewsRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.BuildPreviewsReply {
        let path = request.choices.flatMap(\.fragments).joined(separator: "+")
        return PromptAPI.BuildPreviewsReply(
            recipes: (Self.options[request.dimension] ?? []).map { option in
                let fragment = "\(option)#\(request.regeneration)"
                return PromptAPI.Recipe(
                    id: "rcp_\(path)/\(fragment)", intent: request.intent,
                    choices: request.choices + [
                        PromptAPI.Choice(
                            dimension: request.dimension, optionID: option,
                            fragments: [fragment])
                    ], dimension: request.dimension, optionID: option,
                    prompt: "\(request.intent), \(path), \(fragment)")
            })
    }

    func buildFinal(
        _ request: PromptAPI.BuildFinalRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.BuildFinalReply {
        let parts = request.choices.map(\.optionID) + [request.subjectMotion]
        let prompt = ([request.intent] + parts.filter { !$0.isEmpty }).joined(separator: ", ")
        return PromptAPI.BuildFinalReply(
            finalPrompt: prompt, videoPrompt: "\(prompt), \(request.cameraMotionID)",
            recipe: PromptAPI.Recipe(id: "rcp_final", prompt: prompt))
    }

    func getRecipe(
        _ request: PromptAPI.GetRecipeRequest, _ context: CallContext
    ) async throws(RPCError) -> PromptAPI.Recipe {
        throw RPCError(.notFound, "NOT_FOUND", "There is no recipe.")
    }
}
