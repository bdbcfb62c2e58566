/// Why a command was refused; the session is unchanged.
package enum SessionError: Error, Hashable, Sendable {
    case sessionNotFound(String)
    case operationNotFound(String)
    case generationNotFound(String)
    case creationNotFound(String)
    /// A generation that has not ended cannot be thrown away.
    case creationAtWork(String)
    /// The session belongs to somebody else.
    case notOwner
    case expired(String)
    /// The command does not fit where the session stands.
    case stepConflict(sessionID: String, step: Step, reason: String)
    /// Another command of the session is still at work.
    case commandRunning(sessionID: String, operationID: String)
    case versionConflict(sessionID: String, current: UInt64)
    case activeSessionExists(sessionID: String)
    case regenerationLimit(dimension: Dimension, current: Int, max: Int)
    /// Finalizing needs these, in flow order.
    case incomplete([Step])
    case invalid(field: String, reason: String)
    case keyReused
    /// No provider serves the model.
    case modelUnavailable(kind: String, model: String)
    case tooManyRunning(limit: Int)
    /// The cursor lies before the oldest event that is kept.
    case resync(oldest: UInt64)
    case cannotMerge(String)
}
