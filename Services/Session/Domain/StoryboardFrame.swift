/// The stills of a storyboard, in order: one prompt, told in six shots.
package enum StoryboardFrame: String, CaseIterable, Hashable, Sendable {
    case establishing, medium, closeUp, detail, reverse, closing

    /// The slot of its job.
    package var slotID: String { "frame_\(number)" }

    package var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

    /// The framing of the flow that it is composed with.
    package var framing: (optionID: String, label: String) {
        switch self {
        case .establishing, .closing: ("wide", "Wide Shot")
        case .medium, .reverse: ("medium", "Medium Shot")
        case .closeUp: ("closeup", "Close-up")
        case .detail: ("extreme_closeup", "Extreme Close-up")
        }
    }

    /// What the prompt is told in.
    package var words: String {
        switch self {
        case .establishing: "wide establishing shot"
        case .medium: "medium shot framing"
        case .closeUp: "close-up framing"
        case .detail: "extreme close-up detail"
        case .reverse: "medium shot framing, reverse angle"
        case .closing: "wide establishing shot, closing view"
        }
    }

    /// The plain view for the first of each framing, another one for those that come again.
    package func seed(of plan: GenerationPlan) -> UInt64 {
        switch self {
        case .establishing, .medium, .closeUp, .detail: 0
        case .reverse, .closing: max(1, plan.seed &+ UInt64(number))
        }
    }

    /// The choices of a plan with this framing among them.
    package func choices(of plan: GenerationPlan) -> [Choice] {
        let own = Choice(
            dimension: .framing, optionID: framing.optionID, label: framing.label,
            fragments: [words], assetID: "")
        return (plan.choices.filter { $0.dimension != .framing } + [own])
            .sorted { $0.dimension < $1.dimension }
    }
}
