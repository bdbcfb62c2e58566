extension Operation.Kind {
    /// What a command does to the one that its session is busy with.
    package enum Interruption: Hashable, Sendable {
        /// It has to wait until the other has ended.
        case refused
        /// It leaves the other alone and changes nothing.
        case passes
        /// It stops the other, of which nothing is kept and nothing is charged.
        case discards

        /// What the command that is at work is told.
        package var cancellation: Operation.Cancellation {
            switch self {
            case .refused, .passes: .none
            case .discards: .discard
            }
        }
    }

    package var interruption: Interruption {
        switch self {
        case .back, .cancel, .abandon: .discards
        case .resume: .passes
        case .start, .select, .regenerate, .retry, .jump, .intent, .cameraMotion,
            .selectCameraMotion, .subjectMotion, .skipSubjectMotion, .finalize, .generation:
            .refused
        }
    }
}
