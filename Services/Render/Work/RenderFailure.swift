package import ImageCodec

/// Why a picture could not be taken or a move not be rendered. Nothing is kept of either.
package enum RenderFailure: Error, Hashable, Sendable {
    /// Which of the uploaded parts a failure is about.
    package enum Part: String, Hashable, Sendable { case image, depth, mask }

    /// The picture is not, or no longer, here: upload it again.
    case sourceMissing
    /// The upload does not have the announced digest.
    case digestMismatch
    case unreadable(Part, ImageError)
    /// Depth or mask has clearly another shape than the picture.
    case aspectMismatch(Part, width: Int, height: Int)
    /// The caller has gone or its deadline has passed.
    case stopped
    case encodingFailed(String)
    /// No way of the list gave a depth map.
    case depthFailed
    /// Too much waits already, or the caller would have given up before its turn.
    case overloaded(retryAfter: Duration)
    /// It would need more memory than all renders together may take.
    case overMemoryBudget(bytes: Int, bytesMax: Int)
}
