/// The prices themselves: the only place in the product that has any.
extension PriceEdition {
    /// What is published, the earliest first. To announce a change, add an edition with the instant
    /// from which on it holds.
    package static let all = [
        PriceEdition(number: 2, prices: studio + product + checkout + models)
    ]

    /// The wizard, pictures and videos of the studio.
    private static let studio: [Price] = [
        each("image.preview", "1", "Preview image"),
        each("image.regenerate", "1", "New image"),
        each("depth", "1", "Depth map"),
        each("video.preview", "5", "Motion preview"),
        each("storyboard", "4", "Storyboard"),
        each("video.draft", "5", "Draft video"),
        each("frame.final", "2", "Final frame"),
        each("frame.final.regenerate", "2", "New final frame"),
        each("frame.quick", "2", "Quick frame"),
        each("frame.upload", "0", "Uploaded frame"),
        each("image", "local", "1", "Local picture"),
        each("image", "flux-kontext", "4", "Flux Kontext"),
        each("video.final", "local-parallax", "5", "Local parallax"),
        each("video.final", "wan-2.2", "15", "Wan 2.2"),
        each("video.final", "wan-2.5", "15", "Wan 2.5"),
        each("video.final", "veo-3", "30", "Veo 3"),
        each("video.final", "kling-v2.1", "35", "Kling 2.1"),
        each("video.final", "luma-ray-3", "40", "Luma Ray 3"),
        each("video.final", "runway-gen4", "50", "Runway Gen-4"),
        each("video.final", "sora-2", "80", "Sora 2"),
        second("wan", "3.5", "Wan, a second"),
        second("wan-pro", "5", "Wan Pro, a second"),
        second("minimax", "4", "MiniMax, a second"),
        second("sora-2", "6", "Sora 2, a second"),
        second("sora-2-pro", "14", "Sora 2 Pro, a second"),
        second("kling", "5", "Kling, a second"),
        second("veo", "24", "Veo, a second"),
        second("luma", "7", "Luma, a second"),
        second("runway", "6", "Runway, a second"),
        second("mochi", "6", "Mochi, a second"),
    ]

    /// Product creation: what is charged is each view that was delivered.
    private static let product: [Price] = [
        product("view.front", "1", "Front view"),
        product("view.front.edit", "1", "New front view"),
        product("view.remaining", "0.5", "One of the four other views"),
        product("view.edit", "0.5", "Edited view; all five cost 2", cap: "2"),
        product("text.techpack", "1", "Tech pack"),
        product("model3d", "5", "3D model"),
    ]

    /// Confirm and render: dollars for a second, converted when they are published.
    private static let checkout: [Price] = [
        dollars("veo_3_1_fast", 150_000, "Veo 3.1 Fast, a second"),
        dollars("veo_3_1_standard", 400_000, "Veo 3.1 Standard, a second"),
    ]

    /// Models by name, in the scale of their own catalogue (1,100 for a clip).
    private static let models: [Price] = [
        hailuo("512P", 6, "320"),
        hailuo("512P", 10, "420"),
        hailuo("768P", 6, "680"),
        hailuo("768P", 10, "1240"),
        hailuo("1080P", 6, "1100"),
        model("video", "T2V-01-Director", "980", "T2V-01-Director"),
        model("video", "I2V-01-Director", "980", "I2V-01-Director"),
        model("video", "S2V-01", "1420", "S2V-01"),
        model("video", "gen4_turbo", "620", "Gen-4 Turbo 5s", "duration=5"),
        model("video", "gen4_turbo", "1120", "Gen-4 Turbo 10s", "duration=10"),
        model("video", "gen3a_turbo", "620", "Gen-3a Turbo 5s", "duration=5"),
        model("video", "gen3a_turbo", "1120", "Gen-3a Turbo 10s", "duration=10"),
        model("video", "gen4_aleph", "3120", "Gen-4 Aleph 10s", "duration=10"),
        model("image", "flux-kontext-pro", "110", "FLUX.1 Kontext [pro]"),
        model("image", "flux-kontext-max", "190", "FLUX.1 Kontext [max]"),
        model("image", "flux-1.1-pro-ultra", "150", "FLUX 1.1 [pro] Ultra"),
        model("image", "flux-dev", "90", "FLUX.1 [dev]"),
        model("image", "flux-pro", "130", "FLUX.1 [pro]"),
        model("music", "music-1.5", "90", "Music 1.5, up to 90s", "duration<=90"),
    ]

    // MARK: Rows

    private static func credits(_ text: StaticString) -> CreditAmount {
        do throws(AmountError) {
            return try CreditAmount("\(text)")
        } catch {
            preconditionFailure("\(text) is no amount of credits")
        }
    }

    private static func each(
        _ operation: String, _ credits: StaticString, _ label: String
    ) -> Price {
        each(operation, "", credits, label)
    }

    private static func each(
        _ operation: String, _ model: String, _ credits: StaticString, _ label: String
    ) -> Price {
        Price(operation: operation, model: model, amount: Self.credits(credits), label: label)
    }

    private static func second(
        _ model: String, _ credits: StaticString, _ label: String
    ) -> Price {
        Price(
            operation: "video.second", model: model, amount: Self.credits(credits),
            unit: .second, label: label)
    }

    private static func product(
        _ operation: String, _ credits: StaticString, _ label: String, cap: StaticString = "0"
    ) -> Price {
        Price(
            catalogue: "product", operation: operation, amount: Self.credits(credits),
            cap: Self.credits(cap), label: label)
    }

    private static func dollars(_ model: String, _ dollarsU6: Int64, _ label: String) -> Price {
        Price(
            catalogue: "checkout", operation: "video.second", model: model, amount: .zero,
            dollarsU6: dollarsU6, unit: .second, label: label)
    }

    private static func hailuo(
        _ resolution: String, _ seconds: Int, _ credits: StaticString
    ) -> Price {
        model(
            "video", "MiniMax-Hailuo-02", credits, "MiniMax Hailuo 02 \(resolution) \(seconds)s",
            "duration=\(seconds),resolution=\(resolution)")
    }

    private static func model(
        _ operation: String, _ model: String, _ credits: StaticString, _ label: String,
        _ parameters: String = ""
    ) -> Price {
        Price(
            catalogue: "models", operation: operation, model: model, parameters: parameters,
            amount: Self.credits(credits), label: label)
    }
}
