/// The body of a request in pieces, as it arrives.
// Safe: every field is touched on the server's loop only, where the request's task runs `next`.
package final class HTTPBodyReader: @unchecked Sendable {
    package enum Failure: Error, Hashable, Sendable {
        /// The client went away or was too slow.
        case cut
        /// More bytes than the route allows.
        case tooLarge
    }

    private var pieces: [[UInt8]] = []
    private(set) var waitingBytes = 0
    private var isEnded = false
    private var failure: Failure?
    private var reader: UnsafeContinuation<Void, Never>?
    /// Called when `next` finds nothing, and when it has taken a piece.
    var onWanted: (() -> Void)?

    /// The next piece; nil at the end.
    package func next() async throws(Failure) -> [UInt8]? {
        while pieces.isEmpty, !isEnded, failure == nil {
            onWanted?()
            guard pieces.isEmpty, !isEnded, failure == nil else { break }
            await withUnsafeContinuation { reader = $0 }
        }
        if let failure { throw failure }
        guard !pieces.isEmpty else { return nil }
        let piece = pieces.removeFirst()
        waitingBytes -= piece.count
        onWanted?()
        return piece
    }

    func append(_ piece: [UInt8]) {
        waitingBytes += piece.count
        pieces.append(piece)
        wake()
    }

    func end() {
        isEnded = true
        onWanted = nil
        wake()
    }

    func fail(_ failure: Failure) {
        onWanted = nil
        guard !isEnded, self.failure == nil else { return }
        self.failure = failure
        wake()
    }

    private func wake() {
        reader?.resume()
        reader = nil
    }
}
