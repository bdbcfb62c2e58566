internal import RPC
internal import Storage

extension RPCError {
    init(_ error: CompositionError) {
        switch error {
        case .unknownDimension(let id):
            self = .invalid("dimension", "There is no dimension \(id).")
        case .unknownOption(let dimension, let optionID):
            self = .invalid("optionId", "\(dimension) has no option \(optionID).")
        case .unknownCameraMotion(let id):
            self = .invalid("cameraMotionId", "There is no camera motion \(id).")
        case .foreignFragment(let optionID, let fragment):
            self = .invalid("fragments", "\(optionID) has no fragment \(fragment).")
        case .outOfOrder(let dimension):
            self = .invalid("choices", "\(dimension) is not in flow order.")
        case .regenerationTooHigh(let number):
            self = .invalid(
                "regeneration", "\(number) is above \(FragmentDraw.regenerationsMax).")
        case .intentLength(let count):
            self = .invalid("intent", "The intent has \(count) characters.")
        case .unknownAspectRatio(let text):
            self = .invalid(
                "aspectRatio",
                "\(text) is none of \(PromptRules.aspectRatios.joined(separator: ", ")).")
        case .subjectMotionLength(let count):
            self = .invalid("subjectMotion", "The subject motion has \(count) characters.")
        }
    }

    private static func invalid(_ field: String, _ message: String) -> RPCError {
        RPCError(.invalidArgument, "VALIDATION_FAILED", message, details: ["field": field])
    }

    /// What a failed store is to a caller: its texts stay in the log.
    init(storing error: any Error) {
        guard let error = error as? StorageError else {
            self.init(.internal, "INTERNAL", "The recipe could not be stored or read.")
            return
        }
        switch error {
        case .full:
            self.init(
                .unavailable, "STORAGE_LOW", "There is no room to store recipes.",
                retryAfter: .seconds(5))
        case .busy, .overloaded, .io, .closed:
            self = .unavailable("The recipe store is busy.", retryAfter: .seconds(1))
        case .unsupportedURL, .inUse, .newerSchema, .changedMigration, .unorderedMigrations,
            .constraint, .readOnly, .corrupt, .statement:
            self.init(.internal, "INTERNAL", "The recipe could not be stored or read.")
        }
    }
}
