internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// What the routes of every resource work with.
struct RouteTools: Sendable {
    let backends: Backends
    let store: GatewayStore
    let links: SignedLinks
    let configuration: GatewayConfiguration
    let time: any TimeSource
    let random: RandomSource
    let passwords: WorkerPool
    let authentication: Authentication
    let rateLimits: RateLimits
    let logger: Logger

    func writer(_ context: RequestContext) -> AnswerWriter {
        AnswerWriter(links: links, userID: context.userID)
    }

    func newID(_ prefix: String) -> String {
        Identifier.make(prefix, time: time, random: random)
    }

    /// The models for final videos: priced by credits, available when media has a provider.
    func finalModels(_ context: RequestContext) async throws -> [FinalModel] {
        async let prices = backends.credits.listPrices(.init(), context.call())
        async let providers = backends.media.listProviders(.init(), context.call())
        let available = Set(try await providers.providers.filter(\.isAvailable).map(\.model))
        return try await prices.prices
            .filter { $0.operation == "video.final" && !$0.model.isEmpty }
            .map {
                FinalModel(
                    id: $0.model, label: $0.label, amountU4: $0.amountU4,
                    isAvailable: available.contains($0.model))
            }
    }
}
