internal import CameraMoves
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
            throw .invalidSource("The first item must be the header.", field: "header")
        }
        let digest = Array(header.digest)
        guard digest.count == 32 else {
            throw .invalidSource("The digest must be the 32 bytes of a SHA-256.", field: "digest")
        }
        // The same bytes again, in the same parts: answer before they are sent.
        let shape = SourceUpload.Shape(
            imageBytes: header.imageBytes, depthBytes: header.depthBytes,
            maskBytes: header.maskBytes, isDepthSupplied: header.depthIsSupplied)
        if let source = service.source(digest), source.shape == shape {
            return RenderAPI.Source(source, isCached: true)
        }
        let bytes = try announced(header)
        try service.reserveUpload(bytes)
        defer { service.releaseUpload(bytes) }
        let upload = try await receive(reader, header)
        let source = try await service.put(upload, digest: digest, context)
        return RenderAPI.Source(source, isCached: false)
    }

    /// All bytes that will come, checked before any is kept.
    private func announced(_ header: RenderAPI.SourceHeader) throws(RPCError) -> Int {
        let bytesMax = UInt64(service.configuration.uploadBytesMax)
        let sizes = [
            ("image", header.imageBytes), ("depth", header.depthBytes), ("mask", header.maskBytes),
        ]
        var sum: UInt64 = 0
        for (part, size) in sizes {
            guard size <= bytesMax, sum + size <= bytesMax else {
                throw RPCError(
                    .invalidArgument, "IMAGE_TOO_LARGE",
                    "\(part): an upload may have \(bytesMax) bytes.",
                    details: ["part": part, "field": "\(part)_bytes"])
            }
            sum += size
        }
        guard header.imageBytes > 0 else {
            throw .invalidSource("The picture is empty.", field: "image_bytes")
        }
        return Int(sum)
    }

    private func receive(
        _ reader: RequestStream<RenderAPI.SourceChunk>, _ header: RenderAPI.SourceHeader
    ) async throws(RPCError) -> SourceUpload {
        let sizes = [header.imageBytes, header.depthBytes, header.maskBytes]
        var upload = SourceUpload(image: [], isDepthSupplied: header.depthIsSupplied)
        while let chunk = try await reader.next() {
            switch chunk.part {
            case .image(let bytes): try append(bytes, to: &upload.image, header.imageBytes, "image")
            case .depth(let bytes): try append(bytes, to: &upload.depth, header.depthBytes, "depth")
            case .mask(let bytes): try append(bytes, to: &upload.mask, header.maskBytes, "mask")
            case .header, nil:
                throw .invalidSource("A second header or an empty item.", field: "part")
            }
        }
        let parts = [("image", upload.image), ("depth", upload.depth), ("mask", upload.mask)]
        for ((name, bytes), size) in zip(parts, sizes) where UInt64(bytes.count) != size {
            throw .invalidSource("Fewer bytes came than were announced.", field: name)
        }
        return upload
    }

    private func append(
        _ bytes: Bytes, to part: inout [UInt8], _ announced: UInt64, _ field: String
    ) throws(RPCError) {
        guard UInt64(part.count + bytes.count) <= announced else {
            throw .invalidSource("More bytes came than were announced.", field: field)
        }
        part.append(contentsOf: bytes.unsafeBytes)
    }

    package func estimateDepth(
        _ request: RenderAPI.DepthRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        let digest = Array(request.source)
        try Self.check(digest)
        let (map, isCached) = try await service.depthMap(digest, context)
        let header = RenderAPI.ResultHeader(
            contentType: "image/png", width: UInt32(map.width), height: UInt32(map.height),
            frames: 1, appliedStrength: 1, depthProvider: map.provider, isCached: isCached)
        try await writer.write(RenderAPI.ResultChunk(part: .header(header)))
        for piece in Self.pieces(map.png) {
            try await writer.write(RenderAPI.ResultChunk(part: .data(piece)))
        }
    }

    package func renderMove(
        _ request: RenderAPI.MoveRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        try await render(
            [(MoveSpecification(request), request.move)], Array(request.source), writer, context)
    }

    package func renderMoves(
        _ request: RenderAPI.MovesRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        var template = request.template ?? RenderAPI.MoveRequest()
        guard template.path == nil, template.move.isEmpty, template.keyFrames.isEmpty else {
            throw .invalidMove("template", "no way of its own: the moves have theirs")
        }
        let ids = request.moves.isEmpty ? CameraMove.basicIDs : request.moves
        guard ids.count <= 64, Set(ids).count == ids.count else {
            throw .invalidMove("moves", "at most 64, each once")
        }
        var moves: [(MoveSpecification, String)] = []
        for (index, id) in ids.enumerated() {
            guard CameraMove.named(id) != nil else {
                throw .invalidMove("moves[\(index)]", "the id of a move of ListMoves")
            }
            template.move = id
            moves.append((try MoveSpecification(template), id))
        }
        try await render(moves, Array(template.source), writer, context)
    }

    package func listMoves(
        _ request: RenderAPI.ListMovesRequest, _ context: CallContext
    ) async throws(RPCError) -> RenderAPI.MoveList {
        RenderAPI.MoveList(
            moves: CameraMove.all.map(RenderAPI.NamedMove.init), renderer: service.rendererName)
    }

    private func render(
        _ moves: [(specification: MoveSpecification, id: String)], _ digest: [UInt8],
        _ writer: ResponseWriter<RenderAPI.ResultChunk>, _ context: CallContext
    ) async throws(RPCError) {
        try Self.check(digest)
        try await service.moves(moves.map(\.specification), of: digest, context) {
            move, event throws(RPCError) in
            func chunk(_ part: RenderAPI.ResultChunk.Part) -> RenderAPI.ResultChunk {
                RenderAPI.ResultChunk(part: part, move: UInt32(move))
            }
            switch event {
            case .progress(let progress):
                let wait = progress.estimatedWait / .milliseconds(1)
                try await writer.write(
                    chunk(
                        .progress(
                            RenderAPI.Progress(
                                queuePosition: UInt32(progress.position),
                                estimatedWaitMs: UInt32(min(max(wait, 0), 1e9)),
                                framesDone: UInt32(progress.framesDone),
                                framesTotal: UInt32(progress.framesTotal)))))
            case .head(let head, let isCached):
                try await writer.write(
                    chunk(.header(.init(head, isCached: isCached, move: moves[move].id))))
            case .piece(.poster(let bytes)):
                for piece in Self.pieces(bytes) { try await writer.write(chunk(.poster(piece))) }
            case .piece(.frame(let index, let bytes)):
                let start = RenderAPI.FrameStart(
                    index: UInt32(index), bytes: UInt32(bytes.count))
                try await writer.write(chunk(.frame(start)))
                for piece in Self.pieces(bytes) { try await writer.write(chunk(.data(piece))) }
            case .piece(.data(let bytes)):
                for piece in Self.pieces(bytes) { try await writer.write(chunk(.data(piece))) }
            case .end(let bytes):
                try await writer.write(chunk(.end(RenderAPI.ResultEnd(bytes: UInt64(bytes)))))
            }
        }
    }

    private static func check(_ digest: [UInt8]) throws(RPCError) {
        guard digest.count == 32 else {
            throw .invalidSource("source: expected the 32 bytes of a SHA-256.", field: "source")
        }
    }

    private static func pieces(_ bytes: [UInt8]) -> [Bytes] {
        let whole = Bytes(bytes)
        return stride(from: 0, to: whole.count, by: chunkBytesMax).map { start in
            whole[start..<min(whole.count, start + chunkBytesMax)]
        }
    }
}

extension RPCError {
    static func invalidSource(_ message: String, field: String = "source") -> RPCError {
        RPCError(.invalidArgument, "INVALID_SOURCE", message, details: ["field": field])
    }
}

extension RenderAPI.ResultHeader {
    fileprivate init(_ head: MoveHead, isCached: Bool, move: String) {
        self.init(
            contentType: head.contentType, width: UInt32(head.size.width),
            height: UInt32(head.size.height), frames: UInt32(head.frames),
            appliedStrength: head.appliedStrength, depthProvider: head.depthProvider,
            isCached: isCached, framesPerSecond: UInt32(head.framesPerSecond), move: move)
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
