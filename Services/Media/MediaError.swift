package import RPC
internal import ServiceRuntime
internal import Storage

/// What this service refuses and why.
package enum MediaError: Error, Hashable, Sendable {
    case assetNotFound(String)
    case jobNotFound(String)
    /// A field is missing, out of range or not known.
    case invalidRecipe(String)
    case invalidField(String)
    /// The reference names a job with another recipe.
    case referenceTaken(String)
    case tooManyInFlight(queued: Int, limit: Int)
    case overloaded
    case jobNotEnded(String)
    case rangeNotSatisfiable(bytes: Int)
    /// No picture that is read here, or not of the declared type.
    case unsupportedImage(String)
    /// Of a type that is read, but damaged.
    case imageInvalid(String)
    case imageTooLarge(String)
    case storageLow
    /// The disk does not hold what the index says.
    case assetDamaged(String)
    case depthFailed(JobFailure)
    case moveFailed(JobFailure)
    case draining
}

extension RPCError {
    package init(_ error: MediaError) {
        switch error {
        case .assetNotFound(let id):
            self.init(
                .notFound, "ASSET_NOT_FOUND", "There is no such asset.", details: ["assetId": id])
        case .jobNotFound(let id):
            self.init(.notFound, "JOB_NOT_FOUND", "There is no such job.", details: ["jobId": id])
        case .invalidRecipe(let detail):
            self.init(.invalidArgument, "INVALID_RECIPE", "The recipe is not valid: \(detail).")
        case .invalidField(let detail):
            self.init(.invalidArgument, "VALIDATION_FAILED", "The request is not valid: \(detail).")
        case .referenceTaken(let reference):
            self.init(
                .alreadyExists, "REFERENCE_TAKEN", "The reference names a job with another recipe.",
                details: ["clientReference": reference])
        case .tooManyInFlight(let queued, let limit):
            self.init(
                .resourceExhausted, "TOO_MANY_IN_FLIGHT", "Too many of your jobs are waiting.",
                details: ["queued": String(queued), "limit": String(limit)], isRetryable: true,
                retryAfter: .seconds(2))
        case .overloaded:
            self = .overloaded("Too many jobs are waiting; try again.")
        case .jobNotEnded(let id):
            self.init(
                .failedPrecondition, "JOB_NOT_ENDED", "Only a failed job can be made again.",
                details: ["jobId": id])
        case .rangeNotSatisfiable(let bytes):
            self.init(
                .outOfRange, "RANGE_NOT_SATISFIABLE", "The asset ends before that range.",
                details: ["bytes": String(bytes)])
        case .unsupportedImage(let detail):
            self.init(.invalidArgument, "UNSUPPORTED_IMAGE", detail)
        case .imageInvalid(let detail):
            self.init(.invalidArgument, "IMAGE_INVALID", detail)
        case .imageTooLarge(let detail):
            self.init(.invalidArgument, "IMAGE_TOO_LARGE", detail)
        case .storageLow:
            self.init(
                .unavailable, "STORAGE_LOW", "There is too little space left; try again later.",
                retryAfter: .seconds(30))
        case .assetDamaged(let id):
            self.init(
                .dataLoss, "ASSET_DAMAGED", "The asset cannot be read.", details: ["assetId": id])
        case .depthFailed(let failure):
            self.init(
                .unavailable, "DEPTH_ESTIMATION_FAILED", "The depth could not be estimated.",
                details: ["reason": failure.code], isRetryable: failure.kind != .permanent)
        case .moveFailed(let failure):
            self.init(
                .unavailable, "VIDEO_GENERATION_FAILED", "The camera move could not be made.",
                details: ["reason": failure.code], isRetryable: failure.kind != .permanent)
        case .draining:
            self = .draining
        }
    }

    /// The answer to any error that can come up while serving a call. What has no case of its own is
    /// a defect or a broken disk: the caller learns no more than that.
    init(any error: any Error) {
        switch error {
        case let error as RPCError: self = error
        case let error as MediaError: self.init(error)
        case is CancellationError: self = .cancelled
        case is WorkerPool.Overloaded: self = .overloaded("Too much is waiting; try again.")
        case let error as StorageError:
            switch error {
            case .full: self.init(MediaError.storageLow)
            case .overloaded: self = .overloaded("Too many writes are waiting; try again.")
            case .closed: self = .draining
            default: self = .unavailable("The store does not answer.")
            }
        case let error as BlobError:
            switch error {
            case .full: self.init(MediaError.storageLow)
            case .missing, .damaged: self.init(MediaError.assetDamaged(""))
            case .inUse, .io: self = .unavailable("The disk does not answer.")
            }
        case let error as JobFailure:
            self.init(
                .unavailable, error.code, error.message, isRetryable: error.kind != .permanent)
        default:
            self.init(.internal, "INTERNAL", "Something went wrong.")
        }
    }
}
