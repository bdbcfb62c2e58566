internal import RPC
internal import Storage

extension RPCError {
    /// The one place where the refusals of sessions get their codes.
    init(_ error: SessionError) {
        switch error {
        case .sessionNotFound(let id):
            self.init(
                .notFound, "SESSION_NOT_FOUND", "There is no session \(id).",
                details: ["sessionId": id])
        case .operationNotFound(let id):
            self.init(
                .notFound, "OPERATION_NOT_FOUND", "There is no operation \(id).",
                details: ["operationId": id])
        case .generationNotFound(let id):
            self.init(
                .notFound, "GENERATION_NOT_FOUND", "There is no generation \(id).",
                details: ["generationId": id])
        case .creationNotFound(let id):
            self.init(
                .notFound, "CREATION_NOT_FOUND", "There is no creation \(id).",
                details: ["creationId": id])
        case .creationAtWork(let id):
            self.init(
                .failedPrecondition, "CREATION_AT_WORK",
                "It is still being made: cancel it first.", details: ["creationId": id])
        case .notOwner:
            self.init(
                .permissionDenied, "UNAUTHORIZED", "The session belongs to another user.")
        case .expired(let id):
            self.init(
                .failedPrecondition, "SESSION_EXPIRED",
                "The session has expired; start a new one.", details: ["sessionId": id])
        case .stepConflict(let id, let step, let reason):
            self.init(
                .failedPrecondition, "STEP_CONFLICT", "This does not fit: \(reason).",
                details: ["sessionId": id, "currentDimension": step.rawValue])
        case .commandRunning(let id, let operationID):
            self.init(
                .failedPrecondition, "STEP_CONFLICT",
                "The session is still busy with another command.",
                details: ["sessionId": id, "operationId": operationID], isRetryable: true)
        case .versionConflict(let id, let current):
            self.init(
                .failedPrecondition, "VERSION_CONFLICT",
                "The session has changed meanwhile: look at it as it is now and choose again.",
                details: ["sessionId": id, "version": String(current)])
        case .activeSessionExists(let id):
            self.init(
                .alreadyExists, "ACTIVE_SESSION_EXISTS",
                "There is an unfinished session: resume or abandon it.",
                details: ["sessionId": id])
        case .regenerationLimit(let dimension, let current, let max):
            self.init(
                .failedPrecondition, "REGENERATION_LIMIT_EXCEEDED",
                "\(dimension.rawValue) was regenerated \(current) times; \(max) are allowed.",
                details: [
                    "dimension": dimension.rawValue, "current": String(current),
                    "max": String(max),
                ])
        case .incomplete(let steps):
            let missing = steps.map(\.rawValue)
            self.init(
                .failedPrecondition, "INCOMPLETE_SESSION",
                "Still to be chosen: \(missing.joined(separator: ", ")).",
                details: ["missingDimensions": missing.joined(separator: ",")])
        case .invalid(let field, let reason):
            self.init(
                .invalidArgument, "VALIDATION_FAILED", "\(field): \(reason).",
                details: ["field": field, "reason": reason])
        case .keyReused:
            self.init(
                .invalidArgument, "IDEMPOTENCY_KEY_REUSED",
                "The idempotency key was used for another request.")
        case .modelUnavailable(let kind, let model):
            self.init(
                .invalidArgument, "MODEL_UNAVAILABLE",
                "No provider makes \(kind) with \(model.isEmpty ? "no model" : model).",
                details: ["kind": kind, "model": model])
        case .tooManyRunning(let limit):
            self.init(
                .resourceExhausted, "TOO_MANY_IN_FLIGHT",
                "At most \(limit) may be at work at a time.",
                details: ["limit": String(limit)], isRetryable: true, retryAfter: .seconds(5))
        case .resync(let oldest):
            self.init(
                .outOfRange, "RESYNC", "The events after this place are not kept: read afresh.",
                details: ["oldest": String(oldest)])
        case .cannotMerge(let reason):
            self.init(.failedPrecondition, "CANNOT_MERGE", reason)
        }
    }

    /// Whatever went wrong below a handler, as a caller may see it.
    init(any error: any Error) {
        switch error {
        case let error as RPCError: self = error
        case let error as SessionError: self.init(error)
        case let error as StorageError: self.init(error)
        case is CancellationError: self = .cancelled
        default: self.init(.internal, "INTERNAL", "Something went wrong inside the service.")
        }
    }

    private init(_ error: StorageError) {
        switch error {
        case .full, .readOnly:
            self.init(
                .unavailable, "STORAGE_LOW", "There is no room to store sessions.",
                retryAfter: .seconds(5))
        case .busy, .io:
            self = .unavailable("The session store is busy.", retryAfter: .seconds(1))
        case .overloaded: self = .overloaded("Too many changes are waiting.")
        case .closed: self = .draining
        case .unsupportedURL, .inUse, .newerSchema, .changedMigration, .unorderedMigrations,
            .constraint, .corrupt, .statement:
            self.init(.internal, "INTERNAL", "The session could not be stored or read.")
        }
    }

    /// Whether asking again later may help: nobody said no.
    var isTransient: Bool {
        switch code {
        case .unavailable, .deadlineExceeded, .aborted, .resourceExhausted, .cancelled, .unknown:
            true
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied,
            .failedPrecondition, .outOfRange, .unimplemented, .internal, .dataLoss,
            .unauthenticated:
            false
        }
    }
}
