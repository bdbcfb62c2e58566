internal import Cryptography
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The services that a session needs.
struct Peers: Sendable {
    let credits: CreditsAPI.Client
    let prompt: PromptAPI.Client
    let media: MediaAPI.Client
}

/// What things cost now.
struct Prices: Sendable {
    private var amounts: [String: Int64] = [:]

    init(_ reply: CreditsAPI.ListPricesReply) {
        for price in reply.prices {
            amounts["\(price.operation)/\(price.model)"] = price.amountU4
        }
    }

    /// Nil when the price table does not know it.
    func amountU4(_ price: PriceID) -> Int64? {
        amounts["\(price.operation)/\(price.model)"]
    }
}

/// A row of the price table.
struct PriceID: Hashable, Sendable {
    var operation: String
    var model = ""

    static let picture = PriceID(operation: "image.preview")
    static let regeneratedPicture = PriceID(operation: "image.regenerate")
    static let depth = PriceID(operation: "depth")
    static let clip = PriceID(operation: "video.preview")

    init(operation: String, model: String = "") {
        self.operation = operation
        self.model = model
    }

    init(_ work: Operation.Work) {
        switch work {
        case .navigation, .pictures: self = .picture
        case .depth: self = .depth
        case .clip: self = .clip
        case .generation(let plan): self.init(plan.kind, model: plan.model)
        }
        if case .pictures(let plan) = work, plan.purpose == .regenerate {
            self = .regeneratedPicture
        }
    }

    init(_ kind: GenerationPlan.Kind, model: String) {
        switch kind {
        case .image: self.init(operation: "image", model: model)
        case .storyboard: self.init(operation: "storyboard")
        case .draft: self.init(operation: "video.draft")
        case .final: self.init(operation: "video.final", model: model)
        }
    }
}

/// What other services know and sessions need again and again: options, camera moves, prices and
/// models. Read when first needed and then kept for a while.
final class Catalogue: Sendable {
    private struct Kept<Value: Sendable>: Sendable {
        var value: Value
        var readAt: Instant
    }

    struct Library: Sendable {
        var machine: SessionMachine
        var motions: [PromptAPI.CameraMotion]

        func motion(_ id: String) -> PromptAPI.CameraMotion? { motions.first { $0.id == id } }
    }

    private struct State {
        var library: Kept<Library>?
        var prices: Kept<Prices>?
        var providers: Kept<[MediaAPI.Provider]>?
    }

    private let peers: Peers
    private let configuration: SessionConfiguration
    private let time: any TimeSource
    private let state = Lock(State())
    private static let keptFor = Duration.seconds(60)
    private static let options = CallOptions(timeout: .seconds(2))

    init(peers: Peers, configuration: SessionConfiguration, time: any TimeSource) {
        self.peers = peers
        self.configuration = configuration
        self.time = time
    }

    /// The rules with the options in force.
    func library() async throws(RPCError) -> Library {
        let kept = state.withLock { $0.library }
        if let kept, isFresh(kept.readAt) { return kept.value }
        do throws(RPCError) {
            let library = try await readLibrary()
            let now = time.instant
            state.withLock { $0.library = Kept(value: library, readAt: now) }
            return library
        } catch {
            // Options hardly ever change: old ones serve better than none.
            guard let kept else { throw error }
            return kept.value
        }
    }

    func prices() async throws(RPCError) -> Prices {
        let kept = state.withLock { $0.prices }
        if let kept, isFresh(kept.readAt) { return kept.value }
        do throws(RPCError) {
            let prices = Prices(
                try await peers.credits.listPrices(
                    CreditsAPI.ListPricesRequest(), Self.options))
            let now = time.instant
            state.withLock { $0.prices = Kept(value: prices, readAt: now) }
            return prices
        } catch {
            // For showing only: what is charged is decided by credits when it holds.
            guard let kept else { throw error }
            return kept.value
        }
    }

    /// Whether a provider makes `kind` with `model` now.
    func isAvailable(_ kind: GenerationPlan.Kind, model: String) async throws(RPCError) -> Bool {
        let kept = state.withLock { $0.providers }
        let providers: [MediaAPI.Provider]
        if let kept, isFresh(kept.readAt) {
            providers = kept.value
        } else {
            providers = try await peers.media.listProviders(
                MediaAPI.ListProvidersRequest(), Self.options
            ).providers
            let now = time.instant
            state.withLock { $0.providers = Kept(value: providers, readAt: now) }
        }
        let step = kind.isVideo ? "video" : "image"
        return providers.contains { $0.step == step && $0.model == model && $0.isAvailable }
    }

    private func isFresh(_ readAt: Instant) -> Bool { time.instant - readAt < Self.keptFor }

    private func readLibrary() async throws(RPCError) -> Library {
        var options: [Dimension: [SessionMachine.Option]] = [:]
        for dimension in Dimension.allCases {
            let reply = try await peers.prompt.listOptions(
                PromptAPI.ListOptionsRequest(dimension: dimension.rawValue), Self.options)
            options[dimension] = reply.options.map {
                SessionMachine.Option(id: $0.id, label: $0.label)
            }
        }
        let motions = try await peers.prompt.listCameraMotions(
            PromptAPI.ListCameraMotionsRequest(), Self.options
        ).motions
        var rules = SessionMachine.Rules(options: options, cameraMotions: motions.map(\.id))
        rules.regenerationsMax = configuration.regenerationsMax
        rules.lifetimeUs = configuration.sessionLifetime.microseconds
        return Library(
            machine: SessionMachine(rules: rules) { SHA256.digest(of: $0) }, motions: motions)
    }
}
