import CameraMoves
import PromptService
import RPC
import ServiceAPI
import ServiceRuntime
import Storage
import Testing

/// A prompt service on a store in memory.
private func withPrompt<R>(
    _ body: (PromptHandler) async throws -> R
) async throws -> R {
    var options = DatabaseOptions()
    options.isInline = true
    let service = try await PromptService(
        store: "sqlite::memory:", time: VirtualTime(), options: options)
    defer { service.stop() }
    return try await body(service.handler)
}

private let context = CallContext(deadline: .distantFuture, metadata: .none, caller: "tests")

private func choice(_ dimension: String, _ option: String, _ fragments: [String] = [])
    -> PromptAPI.Choice
{
    PromptAPI.Choice(dimension: dimension, optionID: option, fragments: fragments)
}

private func preview(
    _ dimension: String, after choices: [PromptAPI.Choice] = [], regeneration: UInt32 = 0,
    seed: UInt64 = 0, intent: String = "a fox in snow"
) -> PromptAPI.BuildPreviewsRequest {
    PromptAPI.BuildPreviewsRequest(
        intent: intent, aspectRatio: "16:9", choices: choices, dimension: dimension,
        regeneration: regeneration, seed: seed)
}

struct PreviewVector: Sendable {
    var dimension: String
    var choices: [PromptAPI.Choice]
    var option: String
    var prompt: String
}

private let upstream = "a fox in snow, cinematic composition, film-like quality"
private let vectors = [
    PreviewVector(dimension: "direction", choices: [], option: "cinematic", prompt: upstream),
    PreviewVector(
        dimension: "mood", choices: [choice("direction", "cinematic")], option: "peaceful",
        prompt: upstream + ", soft diffused light, gentle color palette"),
    PreviewVector(
        dimension: "framing",
        choices: [choice("direction", "cinematic"), choice("mood", "dramatic")], option: "wide",
        prompt: upstream
            + ", high contrast lighting, wide establishing shot, environment visible"),
    PreviewVector(
        dimension: "lighting",
        choices: [
            choice("direction", "cinematic"), choice("mood", "dramatic"),
            choice("framing", "wide"),
        ], option: "low_key",
        prompt: upstream
            + ", high contrast lighting, wide establishing shot, dramatic low-key lighting, "
            + "deep blacks"),
]

@Suite struct PromptTests {
    @Test(arguments: vectors)
    func `a preview speaks with two fragments of its option and one of each lock`(
        _ vector: PreviewVector
    ) async throws {
        let reply = try await withPrompt { prompt in
            try await prompt.buildPreviews(
                preview(vector.dimension, after: vector.choices), context)
        }
        #expect(reply.recipes.count == 4)
        let recipe = try #require(reply.recipes.first { $0.optionID == vector.option })
        #expect(recipe.prompt == vector.prompt)
        #expect(recipe.choices.last?.optionID == vector.option)
        #expect(recipe.choices.last?.fragments.count == 2)
    }

    @Test func `the full prompt has two fragments of each lock and the subject, but no camera`()
        async throws
    {
        let reply = try await withPrompt { prompt in
            try await prompt.buildFinal(
                PromptAPI.BuildFinalRequest(
                    intent: "a fox in snow", aspectRatio: "16:9",
                    choices: [
                        choice("direction", "cinematic"), choice("mood", "dramatic"),
                        choice("framing", "wide"), choice("lighting", "golden_hour"),
                    ], cameraMotionID: "push_in", subjectMotion: "  ears twitch "), context)
        }
        let full =
            upstream + ", high contrast lighting, deep shadows, wide establishing shot, "
            + "environment visible, warm golden hour sunlight, long shadows, ears twitch"
        #expect(reply.finalPrompt == full)
        #expect(reply.videoPrompt == full + ", camera pushes in slowly, dolly forward movement")
        #expect(reply.recipe?.prompt == full)
    }

    @Test func `a choice keeps the words it was shown with`() async throws {
        let reply = try await withPrompt { prompt in
            try await prompt.buildPreviews(
                preview(
                    "framing",
                    after: [
                        choice(
                            "direction", "artistic", ["aesthetic focus", "painterly quality"]),
                        choice("mood", "peaceful", ["tranquil mood", "serene atmosphere"]),
                    ]), context)
        }
        let wide = try #require(reply.recipes.first)
        #expect(
            wide.prompt
                == "a fox in snow, aesthetic focus, painterly quality, tranquil mood, "
                + "wide establishing shot, environment visible")
        #expect(wide.choices[1].fragments == ["tranquil mood", "serene atmosphere"])
    }

    @Test func `a regeneration never draws what the one before drew, and can be repeated`()
        async throws
    {
        try await withPrompt { prompt in
            for seed in UInt64(0)..<40 {
                var before: [String: Set<String>] = [:]
                for regeneration in UInt32(0)...5 {
                    let request = preview("direction", regeneration: regeneration, seed: seed)
                    let recipes = try await prompt.buildPreviews(request, context).recipes
                    let again = try await prompt.buildPreviews(request, context).recipes
                    #expect(recipes == again)
                    for recipe in recipes {
                        let drawn = Set(recipe.choices.last?.fragments ?? [])
                        #expect(drawn.count == 2)
                        #expect(drawn != before[recipe.optionID], "seed \(seed)")
                        before[recipe.optionID] = drawn
                    }
                }
            }
        }
    }

    @Test func `over many seeds every pair of fragments is drawn`() async throws {
        let pairs = try await withPrompt { prompt in
            var pairs: [Set<String>: Int] = [:]
            for seed in UInt64(0)..<900 {
                let request = preview("mood", regeneration: 1, seed: seed)
                let recipes = try await prompt.buildPreviews(request, context).recipes
                pairs[Set(recipes[0].choices.last?.fragments ?? []), default: 0] += 1
            }
            return pairs
        }
        // Ten pairs, less the one of the first pictures; 100 of each expected.
        #expect(pairs.count == 9)
        #expect(pairs.values.allSatisfy { (60...140).contains($0) }, "\(pairs.values)")
    }

    @Test func `a recipe is found again by its id, and its id is its content`() async throws {
        try await withPrompt { prompt in
            let recipes = try await prompt.buildPreviews(preview("direction"), context).recipes
            #expect(Set(recipes.map(\.id)).count == 4)
            for recipe in recipes {
                let found = try await prompt.getRecipe(
                    PromptAPI.GetRecipeRequest(id: recipe.id), context)
                #expect(found == recipe)
            }
            let other = try await prompt.buildPreviews(
                preview("direction", intent: "a fox in rain"), context
            ).recipes
            #expect(Set(other.map(\.id)).isDisjoint(with: recipes.map(\.id)))
            await #expect(throws: RPCError.self) {
                try await prompt.getRecipe(PromptAPI.GetRecipeRequest(id: "rcp_0"), context)
            }
        }
    }

    @Test func `white space around an intent changes nothing`() async throws {
        try await withPrompt { prompt in
            let plain = try await prompt.buildPreviews(preview("direction"), context)
            let padded = try await prompt.buildPreviews(
                preview("direction", intent: " \n a fox in snow\t"), context)
            #expect(plain == padded)
        }
    }

    @Test(arguments: [
        preview("direction", intent: "  "),
        preview("direction", intent: String(repeating: "a", count: 4001)),
        preview("camera_motion"),
        preview("mood", after: [choice("direction", "heroic")]),
        preview("mood", after: [choice("direction", "cinematic", ["deep shadows"])]),
        preview("mood", after: [choice("mood", "dramatic")]),
        preview("lighting", after: [choice("mood", "dramatic"), choice("direction", "social")]),
        preview("lighting", after: [choice("mood", "dramatic"), choice("mood", "peaceful")]),
        preview("direction", regeneration: 1001),
        PromptAPI.BuildPreviewsRequest(
            intent: "a fox", aspectRatio: "2:1", dimension: "direction"),
    ])
    func `what does not fit is refused by name`(
        _ request: PromptAPI.BuildPreviewsRequest
    ) async throws {
        let error = await #expect(throws: RPCError.self) {
            try await withPrompt { try await $0.buildPreviews(request, context) }
        }
        #expect(error?.domainCode == "VALIDATION_FAILED")
        #expect(error?.detail("field") != nil)
    }

    @Test func `four options of each dimension, told apart by their first words`() async throws {
        try await withPrompt { prompt in
            var first: Set<String> = []
            for dimension in ["direction", "mood", "framing", "lighting"] {
                let reply = try await prompt.listOptions(
                    PromptAPI.ListOptionsRequest(dimension: dimension), context)
                #expect(reply.options.count == 4)
                #expect(reply.options.allSatisfy { $0.fragments.count == 5 })
                first.formUnion(reply.options.map { $0.fragments[0] })
            }
            #expect(first.count == 16)
        }
    }

    @Test func `every move that can be rendered is offered, with words and three fragments`()
        async throws
    {
        try await withPrompt { prompt in
            let motions = try await prompt.listCameraMotions(
                PromptAPI.ListCameraMotionsRequest(), context
            ).motions
            #expect(motions.map(\.id).sorted() == CameraMove.all.map(\.id).sorted())
            #expect(
                motions.prefix(6).map(\.id) == [
                    "static", "pan_left", "pan_right", "push_in", "pull_back", "crane_up",
                ])
            // The two that a video model is told are told for no other move.
            let told = motions.map { $0.fragments.prefix(2).joined(separator: ", ") }
            #expect(Set(told).count == motions.count)
            for motion in motions {
                let move = try #require(CameraMove.named(motion.id))
                #expect(motion.description == move.description)
                #expect(motion.category == move.category.rawValue)
                #expect(motion.fragments.count == 3)
                #expect(motion.durationSeconds == move.durationSeconds)
                #expect(motion.isLoop == move.isLoop)
            }
        }
    }

    @Test func `a move that is more than its two ends brings its key frames`() async throws {
        try await withPrompt { prompt in
            let motions = try await prompt.listCameraMotions(
                PromptAPI.ListCameraMotionsRequest(), context
            ).motions
            for motion in motions {
                let move = try #require(CameraMove.named(motion.id))
                let isStraight = move.start.zoom == 1 && move.end.zoom == 1 && !move.isLoop
                #expect(motion.keyFrames.isEmpty == isStraight, "\(motion.id)")
                guard !isStraight else { continue }
                #expect(motion.keyFrames.map(\.time) == move.keys.map(\.time))
                #expect(motion.keyFrames.map(\.zoom) == move.keys.map(\.placement.zoom))
                #expect(motion.keyFrames.map(\.easing) == move.keys.map(\.easing.rawValue))
                for (frame, key) in zip(motion.keyFrames, move.keys) {
                    #expect(frame.position?.z == key.placement.z)
                    #expect((frame.rotation?.roll ?? 0) == key.placement.roll)
                }
            }
        }
    }

    struct Sense: Sendable {
        var id: String
        /// What changes, and which way.
        var change: @Sendable (PromptAPI.CameraMotion) -> Double
    }

    @Test(arguments: [
        Sense(id: "pan_left") { $0.start!.x - $0.end!.x },
        Sense(id: "pan_right") { $0.end!.x - $0.start!.x },
        Sense(id: "push_in") { $0.end!.z - $0.start!.z },
        Sense(id: "pull_back") { $0.start!.z - $0.end!.z },
        Sense(id: "crane_up") { $0.end!.y - $0.start!.y },
        Sense(id: "crane_down") { $0.start!.y - $0.end!.y },
        Sense(id: "track_left") { $0.start!.x - $0.end!.x },
        Sense(id: "track_right") { $0.end!.x - $0.start!.x },
        Sense(id: "pedestal_up") { $0.end!.y - $0.start!.y },
        Sense(id: "pedestal_down") { $0.start!.y - $0.end!.y },
        Sense(id: "yaw_left") { $0.startRotation!.yaw - $0.endRotation!.yaw },
        Sense(id: "yaw_right") { $0.endRotation!.yaw - $0.startRotation!.yaw },
        Sense(id: "tilt_up") { $0.endRotation!.pitch - $0.startRotation!.pitch },
        Sense(id: "tilt_down") { $0.startRotation!.pitch - $0.endRotation!.pitch },
        Sense(id: "dutch_left") { $0.startRotation!.roll - $0.endRotation!.roll },
        Sense(id: "dutch_right") { $0.endRotation!.roll - $0.startRotation!.roll },
        // An arc looks back at the subject: left of it means looking right.
        Sense(id: "arc_left") { -$0.end!.x * $0.endRotation!.yaw },
        Sense(id: "arc_right") { -$0.end!.x * $0.endRotation!.yaw },
        Sense(id: "reveal") { $0.end!.z - $0.start!.z },
    ])
    func `a move goes the way its name says`(_ sense: Sense) async throws {
        try await withPrompt { prompt in
            let motions = try await prompt.listCameraMotions(
                PromptAPI.ListCameraMotionsRequest(), context
            ).motions
            let motion = try #require(motions.first { $0.id == sense.id })
            #expect(sense.change(motion) > 0)
        }
    }
}
