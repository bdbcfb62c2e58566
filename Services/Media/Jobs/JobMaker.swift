internal import ServiceAPI
internal import ServiceRuntime

/// Makes what a job asks for with the first provider of its list that can, and checks it.
struct JobMaker: Sendable {
    /// Gives the provider of this name its view of the try.
    typealias AttemptOf = @Sendable (ProviderIdentity) -> Attempt

    let providers: Providers
    let library: AssetLibrary

    /// The preferred provider; its concurrency is that of the step.
    func provider(of kind: JobKind) -> ProviderIdentity {
        switch kind {
        case .image: providers.image[0].identity
        case .video: providers.video[0].identity
        }
    }

    /// Asks the providers in their order until one delivers.
    ///
    /// Only what failed for sure and for a reason of the provider's own goes on to the next: what was
    /// refused would be refused again, and what may have been accepted must not be paid twice.
    private func first<Provider, Made>(
        of list: [Provider], _ make: (Provider) async throws -> Made
    ) async throws -> Made {
        for provider in list.dropLast() {
            do {
                return try await make(provider)
            } catch let failure as JobFailure
                where failure.kind == .transient || failure.kind == .throttled
            {
                continue
            }
        }
        guard let last = list.last else {
            throw JobFailure(.bug, code: "INTERNAL", message: "There is no provider.")
        }
        return try await make(last)
    }

    /// - Throws: ``JobFailure``, also when the result is not what it should be.
    func make(_ job: JobRecord, _ attempt: AttemptOf) async throws -> [NewAsset] {
        switch job.kind {
        case .image: try await makeImage(job, attempt)
        case .video: try await makeVideo(job, attempt)
        }
    }

    private func makeImage(_ job: JobRecord, _ attempt: AttemptOf) async throws -> [NewAsset] {
        let request = try Recipes.imageRequest(job.recipe)
        return try await first(of: providers.image) { provider in
            let made = try await provider.makeImage(request, attempt(provider.identity))
            return try await library.newPicture(
                made, of: request, userID: job.userID, provider: provider.identity.model)
        }
    }

    private func makeVideo(_ job: JobRecord, _ attempt: AttemptOf) async throws -> [NewAsset] {
        let recipe = try Recipes.videoRecipe(job.recipe)
        guard let source = try await library.store.asset(recipe.sourceAssetID) else {
            throw JobFailure(
                .permanent, code: "ASSET_NOT_FOUND", message: "The picture is gone.")
        }
        let picture = try await library.sourcePicture(source)
        let request = Recipes.videoRequest(recipe, of: picture)
        return try await first(of: providers.video) { provider in
            let made = try await provider.makeVideo(
                request, from: picture, attempt(provider.identity))
            return [
                try await library.newVideo(
                    made, group: nil, derivation: nil, userID: job.userID,
                    provider: provider.identity.model)
            ]
        }
    }
}
