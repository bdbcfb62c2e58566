import Glibc
import ServiceAPI
import Wire

/// Every message of `proto/` that has generated code.
enum MessageTypes {
    static let all: [any WireMessage.Type] = [
        CreditsAPI.OpenAccountRequest.self, CreditsAPI.GetBalanceRequest.self,
        CreditsAPI.Balance.self, CreditsAPI.HoldRequest.self, CreditsAPI.HoldReply.self,
        CreditsAPI.RenewHoldRequest.self, CreditsAPI.SubmitHoldRequest.self,
        CreditsAPI.CaptureHoldRequest.self, CreditsAPI.ReleaseHoldRequest.self,
        CreditsAPI.GetHoldRequest.self, CreditsAPI.ListOverdueHoldsRequest.self,
        CreditsAPI.ListHoldsReply.self, CreditsAPI.RefundRequest.self,
        CreditsAPI.GrantRequest.self, CreditsAPI.GrantReply.self,
        CreditsAPI.MergeAccountRequest.self, CreditsAPI.ListHistoryRequest.self,
        CreditsAPI.HistoryEntry.self, CreditsAPI.ListHistoryReply.self,
        CreditsAPI.ListPricesRequest.self, CreditsAPI.Price.self, CreditsAPI.ListPricesReply.self,
        CreditsAPI.WatchBalanceRequest.self, CreditsAPI.BalanceEvent.self,
        CreditsAPI.VerifyRequest.self, CreditsAPI.VerifyReply.self, CreditsAPI.ExplainRequest.self,
        CreditsAPI.ExplainLine.self, EchoAPI.Message.self, EchoAPI.CountRequest.self,
        EchoAPI.Collected.self, HealthAPI.CheckRequest.self, HealthAPI.CheckReply.self,
        HealthAPI.Reason.self, MediaAPI.Choice.self, MediaAPI.ImageRecipe.self,
        MediaAPI.Vector.self, MediaAPI.Rotation.self, MediaAPI.CameraPath.self,
        MediaAPI.VideoRecipe.self, MediaAPI.JobRequest.self, MediaAPI.CreateJobsRequest.self,
        MediaAPI.JobError.self, MediaAPI.Job.self, MediaAPI.JobsReply.self,
        MediaAPI.GetJobsRequest.self, MediaAPI.ReplayJobRequest.self,
        MediaAPI.CountJobsRequest.self, MediaAPI.CountJobsReply.self, MediaAPI.Overlay.self,
        MediaAPI.Asset.self, MediaAPI.EnsureDepthRequest.self, MediaAPI.EnsureDepthReply.self,
        MediaAPI.EnsureMoveRequest.self, MediaAPI.GetAssetRequest.self,
        MediaAPI.ReadAssetRequest.self, MediaAPI.AssetChunk.self, MediaAPI.PutAssetChunk.self,
        MediaAPI.PutAssetHeader.self, MediaAPI.SetReferencesRequest.self,
        MediaAPI.SetReferencesReply.self, MediaAPI.VerifyAssetsRequest.self,
        MediaAPI.VerifyAssetsReply.self, MediaAPI.ListProvidersRequest.self,
        MediaAPI.Provider.self, MediaAPI.ListProvidersReply.self, PromptAPI.Choice.self,
        PromptAPI.Option.self, PromptAPI.ListOptionsRequest.self, PromptAPI.ListOptionsReply.self,
        PromptAPI.Vector.self, PromptAPI.Rotation.self, PromptAPI.CameraMotion.self,
        PromptAPI.ListCameraMotionsRequest.self, PromptAPI.ListCameraMotionsReply.self,
        PromptAPI.BuildPreviewsRequest.self, PromptAPI.BuildPreviewsReply.self,
        PromptAPI.Recipe.self, PromptAPI.BuildFinalRequest.self, PromptAPI.BuildFinalReply.self,
        PromptAPI.GetRecipeRequest.self, RenderAPI.SourceChunk.self, RenderAPI.SourceHeader.self,
        RenderAPI.Source.self, RenderAPI.DepthRequest.self, RenderAPI.Overlay.self,
        RenderAPI.Vector.self, RenderAPI.Rotation.self, RenderAPI.Path.self,
        RenderAPI.MoveRequest.self, RenderAPI.ResultHeader.self, RenderAPI.ResultChunk.self,
        RenderAPI.FrameStart.self, SessionAPI.StartRequest.self, SessionAPI.SelectRequest.self,
        SessionAPI.RegenerateRequest.self, SessionAPI.RetryRequest.self,
        SessionAPI.NavigateRequest.self, SessionAPI.JumpRequest.self,
        SessionAPI.EditIntentRequest.self, SessionAPI.SelectCameraMotionRequest.self,
        SessionAPI.SubjectMotionRequest.self, SessionAPI.Option.self, SessionAPI.Problem.self,
        SessionAPI.Detail.self, SessionAPI.Picture.self, SessionAPI.Lock.self,
        SessionAPI.PictureSet.self, SessionAPI.RegenerationCount.self, SessionAPI.CameraPath.self,
        SessionAPI.Vector.self, SessionAPI.Rotation.self, SessionAPI.ConvergenceSession.self,
        SessionAPI.StepCost.self, SessionAPI.Operation.self, SessionAPI.GetSessionRequest.self,
        SessionAPI.GetActiveSessionRequest.self, SessionAPI.ActiveSession.self,
        SessionAPI.ListSessionsRequest.self, SessionAPI.ListSessionsReply.self,
        SessionAPI.GetMotionPreviewRequest.self, SessionAPI.MotionPreview.self,
        SessionAPI.StartGenerationRequest.self, SessionAPI.Generation.self,
        SessionAPI.GetGenerationRequest.self, SessionAPI.ListGenerationsRequest.self,
        SessionAPI.ListGenerationsReply.self, SessionAPI.GetOperationRequest.self,
        SessionAPI.WaitOperationRequest.self, SessionAPI.WatchEventsRequest.self,
        SessionAPI.Event.self, SessionAPI.MergeUserRequest.self, SessionAPI.MergeUserReply.self,
        SessionAPI.VerifyRequest.self, SessionAPI.VerifyReply.self, SessionAPI.StoredChoice.self,
        SessionAPI.StoredSet.self, SessionAPI.StoredRecipe.self, SessionAPI.StoredVisible.self,
        SessionAPI.StoredDepth.self, SessionAPI.StoredVideo.self, SessionAPI.StoredSession.self,
        SessionAPI.StoredFragments.self, SessionAPI.StoredPlan.self,
    ]

    /// The names of all messages that the `.proto` files with a service declare.
    static func declared(file: String = #filePath) throws -> Set<String> {
        let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
            .joined(separator: "/")
        guard let directory = opendir(root + "/proto") else { return [] }
        defer { closedir(directory) }
        var names: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".proto") else { continue }
            let lines = contents(root + "/proto/" + name)
                .split(separator: "\n", omittingEmptySubsequences: true)
            guard lines.contains(where: { $0.hasPrefix("service ") }),
                let package = lines.first(where: { $0.hasPrefix("package ") })
            else { continue }
            let word = package.dropFirst("package ".count).prefix { $0 != "." }
            let namespace = word.prefix(1).uppercased() + word.dropFirst() + "API"
            for line in lines where line.hasPrefix("message ") {
                let message = line.dropFirst("message ".count).prefix { $0 != " " && $0 != "{" }
                names.insert("ServiceAPI.\(namespace).\(message)")
            }
        }
        return names
    }

    private static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }
}
