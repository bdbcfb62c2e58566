/// The choices that shape a picture, in flow order.
package enum Dimension: String, CaseIterable, Hashable, Sendable, Comparable {
    case direction, mood, framing, lighting

    package var step: Step {
        switch self {
        case .direction: .direction
        case .mood: .mood
        case .framing: .framing
        case .lighting: .lighting
        }
    }

    /// What is chosen after this one; nil after lighting.
    package var next: Dimension? {
        switch self {
        case .direction: .mood
        case .mood: .framing
        case .framing: .lighting
        case .lighting: nil
        }
    }

    package static func < (left: Dimension, right: Dimension) -> Bool { left.step < right.step }
}

/// Where a session stands: what the user decides next.
package enum Step: String, CaseIterable, Hashable, Sendable, Comparable {
    case intent, direction, mood, framing, lighting
    case cameraMotion = "camera_motion"
    case subjectMotion = "subject_motion"
    case preview, complete

    package var order: Int {
        switch self {
        case .intent: 0
        case .direction: 1
        case .mood: 2
        case .framing: 3
        case .lighting: 4
        case .cameraMotion: 5
        case .subjectMotion: 6
        case .preview: 7
        case .complete: 8
        }
    }

    /// The dimension whose pictures are chosen between at this step.
    package var dimension: Dimension? { Dimension(rawValue: rawValue) }

    package static func < (left: Step, right: Step) -> Bool { left.order < right.order }
}
