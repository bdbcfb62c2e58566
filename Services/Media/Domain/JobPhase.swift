/// Where a job stands, as the store keeps it.
package enum JobPhase: String, Hashable, Sendable, CaseIterable {
    /// Waits for its turn, or for the next try.
    case queued
    /// A worker has it and has not yet asked a provider.
    case leased
    /// A provider is making the result.
    case waiting
    /// The result is being checked and stored.
    case storing
    /// The result is durable.
    case done
    /// Tried as often as allowed, or out of time.
    case failed
    /// Ended by its owner before there was a result.
    case cancelled
    /// Not worth another try without a person looking: refused for good, or its worker died again
    /// and again.
    case dead

    /// Whether nothing will change the job any more.
    package var isTerminal: Bool {
        switch self {
        case .done, .failed, .cancelled, .dead: true
        case .queued, .leased, .waiting, .storing: false
        }
    }

    /// Whether a worker holds a lease on the job.
    package var isRunning: Bool {
        switch self {
        case .leased, .waiting, .storing: true
        case .queued, .done, .failed, .cancelled, .dead: false
        }
    }
}

/// What a job makes.
package enum JobKind: Int, Hashable, Sendable, CaseIterable {
    case image = 1
    case video = 2
}

/// How a failed try counts.
package enum FailureClass: String, Hashable, Sendable, CaseIterable {
    /// May work next time: a dropped connection, a 500, garbage instead of a picture.
    case transient
    /// The provider asked to wait; this is nobody's failure.
    case throttled
    /// Will never work: content refused, a recipe that cannot be drawn.
    case permanent
    /// The provider may or may not have accepted the work; trying again may be paid twice.
    case unknown
    /// A defect of this program.
    case bug
}

/// Why a try ended without a result.
package struct JobFailure: Error, Hashable, Sendable {
    package var kind: FailureClass
    /// Upper-case, for programs: "IMAGE_GENERATION_FAILED".
    package var code: String
    /// One sentence that may be shown to a person.
    package var message: String
    /// When the provider wants to be asked again; nil = no hint.
    package var retryAfterMicroseconds: Int64?

    package init(
        _ kind: FailureClass, code: String, message: String, retryAfterMicroseconds: Int64? = nil
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.retryAfterMicroseconds = retryAfterMicroseconds
    }
}
