internal import Cryptography
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime
internal import Wire

/// Talks to the render service about one picture: it is asked by digest, and gets the bytes only
/// when it does not have them.
struct RenderSource {
    let client: RenderAPI.Client
    let source: SourcePicture
    let timeout: Duration

    /// Bytes of one piece of a stream.
    private static let pieceBytes = 256 << 10

    /// What an answer holds.
    struct Answer {
        var header = RenderAPI.ResultHeader()
        var bytes: [UInt8] = []
        /// Where each JPEG frame begins in `bytes`.
        var frames: [Int] = []
    }

    /// Asks once, uploads the picture if that is missing, and asks again.
    func ask(
        bytesMax: Int,
        _ call: (RenderAPI.Client, [UInt8], CallOptions) async throws(RPCError)
            -> ResponseStream<RenderAPI.ResultChunk>
    ) async throws -> Answer {
        let digest = source.digest
        for isLast in [false, true] {
            do throws(RPCError) {
                return try await collect(
                    try await call(client, digest, CallOptions(timeout: timeout)),
                    bytesMax: bytesMax)
            } catch {
                guard error.domainCode == "SOURCE_MISSING", !isLast else {
                    throw Self.failure(error)
                }
            }
            do throws(RPCError) {
                try await upload(digest)
            } catch {
                throw Self.failure(error)
            }
        }
        throw JobFailure(.bug, code: "INTERNAL", message: "The renderer lost the picture.")
    }

    private func collect(
        _ stream: ResponseStream<RenderAPI.ResultChunk>, bytesMax: Int
    ) async throws(RPCError) -> Answer {
        var answer = Answer()
        while let chunk = try await stream.next() {
            switch chunk.part {
            case .header(let header): answer.header = header
            case .frame: answer.frames.append(answer.bytes.count)
            case .data(let data):
                guard answer.bytes.count + data.count <= bytesMax else {
                    stream.cancel()
                    throw RPCError(.internal, "RESULT_TOO_LARGE", "The result is too large.")
                }
                data.withUnsafeBytes { answer.bytes.append(contentsOf: $0) }
            case .progress, .poster, .end, nil: continue
            }
        }
        return answer
    }

    private func upload(_ digest: [UInt8]) async throws(RPCError) {
        let source = source
        _ = try await client.putSource(CallOptions(timeout: timeout)) {
            writer throws(RPCError) in
            let header = RenderAPI.SourceHeader(
                digest: Bytes(digest), imageBytes: UInt64(source.image.count),
                depthBytes: UInt64(source.depth.count), maskBytes: UInt64(source.mask.count))
            try await writer.write(RenderAPI.SourceChunk(part: .header(header)))
            for piece in Self.pieces(of: source.image) {
                try await writer.write(RenderAPI.SourceChunk(part: .image(piece)))
            }
            for piece in Self.pieces(of: source.depth) {
                try await writer.write(RenderAPI.SourceChunk(part: .depth(piece)))
            }
            for piece in Self.pieces(of: source.mask) {
                try await writer.write(RenderAPI.SourceChunk(part: .mask(piece)))
            }
        }
    }

    private static func pieces(of bytes: Bytes) -> [Bytes] {
        stride(from: 0, to: bytes.count, by: pieceBytes).map { start in
            bytes[start..<min(start + pieceBytes, bytes.count)]
        }
    }

    /// How a failed call counts: a render has no side effect, so an unknown outcome is harmless.
    private static func failure(_ error: RPCError) -> any Error {
        switch error.code {
        case .cancelled:
            return CancellationError()
        case .resourceExhausted:
            return JobFailure(
                .throttled, code: error.domainCode, message: error.message,
                retryAfterMicroseconds: error.retryAfter?.microseconds)
        case .unavailable, .deadlineExceeded, .aborted, .unknown, .internal, .dataLoss:
            return JobFailure(.transient, code: error.domainCode, message: error.message)
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied,
            .failedPrecondition, .outOfRange, .unimplemented, .unauthenticated:
            return JobFailure(.permanent, code: error.domainCode, message: error.message)
        }
    }
}

extension SourcePicture {
    /// SHA-256 over image, depth and mask.
    package var digest: [UInt8] {
        var hash = SHA256()
        for part in [image, depth, mask] { part.withUnsafeBytes { hash.update($0) } }
        return hash.finish()
    }
}
