/// Why bytes are not a valid frame or message, or why a message cannot be packed.
///
/// The connection that delivered such a frame is closed; a payload that does not unpack fails
/// its call alone.
package enum WireError: Error, Hashable, Sendable {
    /// Not protobuf, or not of the declared types: truncated, a bad tag, a wrong wire type.
    case malformed
    /// A frame of this many bytes is larger than the limit, or has no bytes at all.
    case frameSize(bytes: Int, bytesMax: Int)
    /// The kind of the frame is none that this version knows.
    case unknownKind(Int32)
    /// A field of the envelope breaks the rule that `proto/envelope.proto` states for it.
    case limit(EnvelopeField)
    /// A text is not UTF-8 or holds a NUL.
    case invalidText
    /// Unpacking would need more memory than the budget for a message of its size.
    case budgetExceeded

    /// The fields of the envelope that have limits.
    package enum EnvelopeField: Hashable, Sendable {
        case stream, method, deadline, metadata, payload, credit, status, hello
    }
}

extension WireError: CustomStringConvertible {
    /// What is wrong, as the end of a sentence.
    package var description: String {
        switch self {
        case .malformed: "it is no well-formed protobuf message"
        case .frameSize(let bytes, let bytesMax): "it has \(bytes) bytes; 1 to \(bytesMax) may be"
        case .unknownKind(let kind): "there is no kind \(kind)"
        case .limit(let field): "its \(field) breaks the rule for that field"
        case .invalidText: "a text is not UTF-8 or holds a NUL"
        case .budgetExceeded: "unpacking it would take too much memory"
        }
    }
}
