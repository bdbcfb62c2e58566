internal import ServiceAPI
internal import ServiceRuntime

/// Makes what a job asks for with the first provider of its list, and checks it.
struct JobMaker: Sendable {
    let providers: Providers
    let library: AssetLibrary

    func provider(of kind: JobKind) -> ProviderIdentity {
        switch kind {
        case .image: providers.image[0].identity
        case .video: providers.video[0].identity
        }
    }

    /// - Throws: ``JobFailure``, also when the result is not what it should be.
    func make(_ job: JobRecord, _ attempt: Attempt) async throws -> [NewAsset] {
        switch job.kind {
        case .image: try await makeImage(job, attempt)
        case .video: try await makeVideo(job, attempt)
        }
    }

    private func makeImage(_ job: JobRecord, _ attempt: Attempt) async throws -> [NewAsset] {
        let request = try Recipes.imageRequest(job.recipe)
        let provider = providers.image[0]
        let made = try await provider.makeImage(request, attempt)
        return try await library.newPicture(
            made, of: request, userID: job.userID, provider: provider.identity.model)
    }

    private func makeVideo(_ job: JobRecord, _ attempt: Attempt) async throws -> [NewAsset] {
        let recipe = try Recipes.videoRecipe(job.recipe)
        let provider = providers.video[0]
        guard let source = try await library.store.asset(recipe.sourceAssetID) else {
            throw JobFailure(
                .permanent, code: "ASSET_NOT_FOUND", message: "The picture is gone.")
        }
        let picture = try await library.sourcePicture(source)
        let made = try await provider.makeVideo(
            Recipes.videoRequest(recipe, of: picture), from: picture, attempt)
        return [
            try await library.newVideo(
                made, group: nil, derivation: nil, userID: job.userID,
                provider: provider.identity.model)
        ]
    }
}
