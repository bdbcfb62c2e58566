package import RPC
package import ServiceAPI
internal import ServiceRuntime

/// The gallery.
extension SessionHandler {
    private static var idsMax: Int { 500 }

    package func listCreations(
        _ request: SessionAPI.ListCreationsRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ListCreationsReply {
        try await answering {
            try check(userID: request.userID)
            let limit = min(max(1, request.limit == 0 ? 50 : Int(request.limit)), 200)
            let filter = CreationFilter(
                kind: request.kind, step: request.step, model: request.model, text: request.text,
                isStarred: request.isStarred, fromUs: request.fromUs,
                untilUs: request.untilUs == 0 ? .max : request.untilUs)
            let found = try await journal.creations(
                of: request.userID, filter, before: try cursor(request.cursor), limit: limit)
            let last = found.count == limit ? found.last?.creation : nil
            return SessionAPI.ListCreationsReply(
                creations: found.map(SessionAPI.Creation.init),
                nextCursor: last.map { "\($0.createdAtUs).\($0.id)" } ?? "")
        }
    }

    package func getCreations(
        _ request: SessionAPI.GetCreationsRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ListCreationsReply {
        try await answering {
            try check(request.ids, of: request.userID)
            return try await reply(request.ids, of: request.userID)
        }
    }

    package func markCreations(
        _ request: SessionAPI.MarkCreationsRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ListCreationsReply {
        try await answering {
            try check(request.ids, of: request.userID)
            switch request.mark {
            case .star, .unstar:
                try await journal.star(
                    request.ids, of: request.userID, request.mark == .star)
            case .delete, .restore:
                try await journal.delete(
                    request.ids, of: request.userID, request.mark == .delete)
            case .unspecified, .unrecognized:
                throw SessionError.invalid(field: "mark", reason: "it is none of those there are")
            }
            return try await reply(request.ids, of: request.userID)
        }
    }

    private func reply(
        _ ids: [String], of userID: String
    ) async throws -> SessionAPI.ListCreationsReply {
        SessionAPI.ListCreationsReply(
            creations: try await journal.creations(ids, of: userID)
                .map(SessionAPI.Creation.init))
    }

    private func check(_ ids: [String], of userID: String) throws {
        try check(userID: userID)
        guard (1...Self.idsMax).contains(ids.count) else {
            throw SessionError.invalid(
                field: "ids", reason: "must be 1 to \(Self.idsMax)")
        }
    }
}

extension SessionAPI.Creation {
    init(_ entry: Journal.Entry) {
        let creation = entry.creation
        let recipe = creation.recipe
        self.init(
            id: creation.id, kind: creation.kind.rawValue, step: creation.step,
            sessionID: creation.sessionID, model: creation.model, provider: creation.provider,
            aspectRatio: creation.aspectRatio,
            prompt: recipe.prompt.isEmpty ? entry.generation?.prompt ?? "" : recipe.prompt,
            intent: recipe.intent, choices: recipe.choices.map(SessionAPI.Lock.init),
            cameraMotionID: recipe.cameraMotionID, subjectMotion: recipe.subjectMotion,
            sourceAssetID: recipe.sourceAssetID, assetIDs: creation.assetIDs,
            contentType: creation.contentType, width: creation.width, height: creation.height,
            creditsU4: creation.chargedU4, isStarred: creation.isStarred,
            createdAtUs: creation.createdAtUs, deletedAtUs: creation.deletedAtUs,
            generation: entry.generation.map(SessionAPI.Generation.init))
    }
}
