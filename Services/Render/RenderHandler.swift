package import RPC
package import ServiceAPI
internal import Wire

/// Decodes requests and encodes answers; the work is ``RenderService``.
package struct RenderHandler: RenderAPI.Handler {
    /// Largest piece of a result.
    private static let chunkBytesMax = 256 << 10

    private let service: RenderService

    package init(_ service: RenderService) {
        self.service = service
    }

    package func putSource(
        _ reader: RequestStream<RenderAPI.SourceChunk>, _ context: CallContext
    ) async throws(RPCError) -> RenderAPI.Source {
        guard case .header(let header) = try await reader.next()?.part else {
            throw .invalidSource("The first item must be the header.")
        }
        let digest = Array(header.digest)
        guard digest.count == 32 else {
            throw .invalidSource("The digest must be the 32 bytes of a SHA-256.")
        }
        // The same bytes again: answer before they are sent.
        if let source = service.source(digest) {
            return RenderAPI.Source(source, isCached: true)
        }
        let upload = try await receive(reader, header)
        let source = try await service.put(upload, digest: digest, context)
        return RenderAPI.Source(source, isCached: false)
    }

    /// Collects the announced bytes; the sizes are checked before anything is kept.
    private func receive(
        _ reader: RequestStream<RenderAPI.SourceChunk>, _ header: RenderAPI.SourceHeader
    ) async throws(RPCError) -> SourceUpload {
        let bytesMax = UInt64(service.configuration.uploadBytesMax)
        let sizes = [header.imageBytes, header.depthBytes, header.maskBytes]
        guard sizes.allSatisfy({ $0 <= bytesMax }), sizes.reduce(0, +) <= bytesMax else {
            throw RPCError(
                .invalidArgument, "IMAGE_TOO_LARGE", "An upload may have \(bytesMax) bytes.")
        }
        guard header.imageBytes > 0 else { throw .invalidSource("The picture is empty.") }
        var upload = SourceUpload(image: [])
        while let chunk = try await reader.next() {
            switch chunk.part {
            case .image(let bytes): try append(bytes, to: &upload.image, header.imageBytes)
            case .depth(let bytes): try append(bytes, to: &upload.depth, header.depthBytes)
            case .mask(let bytes): try append(bytes, to: &upload.mask, header.maskBytes)
            case .header, nil: throw .invalidSource("A second header or an empty item.")
            }
        }
        guard
            [upload.image, upload.depth, upload.mask].map({ UInt64($0.count) }) == sizes
        else { throw .invalidSource("Fewer bytes came than were announced.") }
        return upload
    }

    private func append(
        _ bytes: Bytes, to part: inout [UInt8], _ announced: UInt64
    ) throws(RPCError) {
        guard UInt64(part.count + bytes.count) <= announced else {
            throw .invalidSource("More bytes came than were announced.")
        }
        part.append(contentsOf: bytes.unsafeBytes)
    }

    package func estimateDepth(
        _ request: RenderAPI.DepthRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        let (map, isCached) = try await service.depthMap(Array(request.source), context)
        let header = RenderAPI.ResultHeader(
            contentType: "image/png", width: UInt32(map.width), height: UInt32(map.height),
            frames: 1, appliedStrength: 1, depthProvider: map.provider, isCached: isCached)
        try await writer.write(RenderAPI.ResultChunk(part: .header(header)))
        try await write(map.png, to: writer)
    }

    package func renderMove(
        _ request: RenderAPI.MoveRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        let specification = try MoveSpecification(request)
        let (move, isCached) = try await service.move(
            specification, of: Array(request.source), context)
        let isVideo = specification.format == .mp4
        let header = RenderAPI.ResultHeader(
            contentType: isVideo ? "video/mp4" : "multipart/x-mixed-replace",
            width: UInt32(move.size.width), height: UInt32(move.size.height),
            frames: UInt32(move.frames), appliedStrength: move.appliedStrength,
            depthProvider: move.depthProvider, isCached: isCached)
        try await writer.write(RenderAPI.ResultChunk(part: .header(header)))
        for (index, part) in move.parts.enumerated() {
            if !isVideo {
                let start = RenderAPI.FrameStart(
                    index: UInt32(index), bytes: UInt32(part.count))
                try await writer.write(RenderAPI.ResultChunk(part: .frame(start)))
            }
            try await write(part, to: writer)
        }
    }

    private func write(
        _ bytes: [UInt8], to writer: ResponseWriter<RenderAPI.ResultChunk>
    ) async throws(RPCError) {
        let whole = Bytes(bytes)
        var offset = 0
        while offset < whole.count {
            let end = min(whole.count, offset + Self.chunkBytesMax)
            try await writer.write(RenderAPI.ResultChunk(part: .data(whole[offset..<end])))
            offset = end
        }
    }
}

extension RPCError {
    static func invalidSource(_ message: String) -> RPCError {
        RPCError(.invalidArgument, "INVALID_SOURCE", message)
    }
}

extension RenderAPI.Source {
    fileprivate init(_ source: SourcePicture, isCached: Bool) {
        self.init(
            digest: Bytes(source.digest), width: UInt32(source.width),
            height: UInt32(source.height), hasDepth: source.hasDepth,
            hasMask: source.mask != nil, isCached: isCached)
    }
}
