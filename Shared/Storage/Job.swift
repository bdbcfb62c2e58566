/// A write or read that somebody waits for, its result type erased.
// Safe: handed from the caller to one worker thread through a locked queue and used by one at a time.
class Job: @unchecked Sendable {
    /// Runs the body; false when it threw, and its changes must be undone.
    func perform(_ transaction: borrowing Transaction) -> Bool {
        preconditionFailure("a job is a PendingJob")
    }

    /// Resumes who waits, with `failure` in place of the body's result when there is one.
    func answer(_ failure: (any Error)?) {
        preconditionFailure("a job is a PendingJob")
    }
}

// Safe: as its superclass says.
final class PendingJob<Value: Sendable>: Job, @unchecked Sendable {
    private let body: @Sendable (borrowing Transaction) throws -> Value
    private let continuation: UnsafeContinuation<Value, any Error>?
    private var result: Result<Value, any Error>?

    /// - Parameter continuation: Who waits; nil when the caller takes the result itself.
    init(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value,
        _ continuation: UnsafeContinuation<Value, any Error>?
    ) {
        self.body = body
        self.continuation = continuation
    }

    override func perform(_ transaction: borrowing Transaction) -> Bool {
        do {
            result = .success(try body(transaction))
            return true
        } catch {
            result = .failure(error)
            return false
        }
    }

    override func answer(_ failure: (any Error)?) {
        if let failure { result = .failure(failure) }
        guard let continuation else { return }
        continuation.resume(with: finished)
    }

    /// What the body gave, once the job has been answered.
    var finished: Result<Value, any Error> {
        guard let result else { preconditionFailure("answered before it ran") }
        return result
    }
}
