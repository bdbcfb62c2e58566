internal import Cryptography
internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime
internal import Wire

/// The bytes of assets, to those who may see them.
struct MediaRoutes: Sendable {
    static let contentTypes = ["image/png", "image/jpeg", "image/webp", "video/mp4"]

    let tools: RouteTools

    private var media: MediaAPI.Client { tools.backends.media }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/media/{assetId}", operationID: "getMedia",
                summary: "The bytes of an asset; ranges are answered.", tag: "Media",
                access: .link, query: Route.Query.signature,
                answers: [
                    200: .bytes(Self.contentTypes), 206: .bytes(Self.contentTypes), 304: .empty,
                ], problems: [404, 416]
            ) { context in try await asset(context.parameters[0], context) },
            Route(
                method: "POST", template: "/api/media/uploads", operationID: "uploadImage",
                summary: "Upload a picture: PNG, JPEG or WebP.", tag: "Media",
                access: .scope(.write), rate: .upload,
                body: .bytes(
                    types: ["image/png", "image/jpeg", "image/webp"],
                    limitBytes: tools.configuration.uploadBytesMax),
                answers: [201: .json("Asset")], problems: [413, 415]
            ) { context in try await upload(context) },
        ]
    }

    /// An asset's bytes, or the part that was asked for.
    /// - Parameter isPermanent: Whether the URL will always give these bytes.
    func asset(
        _ id: String, _ context: RequestContext, isPermanent: Bool = true
    ) async throws -> HTTPResponse {
        let asset = try await media.getAsset(
            .init(id: id, userID: context.userID), context.call())
        let tag = "\"\(Hex.encode(Array(asset.digest)))\""
        var headers: HTTPHeaders = [
            "Content-Type": asset.contentType, "ETag": tag, "Accept-Ranges": "bytes",
            "Cache-Control": isPermanent
                ? "private, max-age=31536000, immutable" : "private, no-cache",
            "Content-Disposition": "inline",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        ]
        let request = context.request
        if let known = request.headers["If-None-Match"], Self.matches(known, tag) {
            return HTTPResponse(status: 304, headers: headers)
        }
        var range: ByteRange?
        if let field = request.headers["Range"],
            request.headers["If-Range"].map({ $0 == tag }) ?? true
        {
            switch ByteRange.parse(field, size: asset.bytes) {
            case .whole: break
            case .part(let part): range = part
            case .unsatisfiable:
                throw Problem(
                    416, "RANGE_NOT_SATISFIABLE", "The asset has \(asset.bytes) bytes.",
                    headers: ["Content-Range": "bytes */\(asset.bytes)"])
            }
        }
        let part = range ?? ByteRange(offset: 0, count: asset.bytes)
        if range != nil {
            let last = part.offset + part.count - 1
            headers.append("Content-Range", "bytes \(part.offset)-\(last)/\(asset.bytes)")
        }
        return HTTPResponse(
            status: range == nil ? 200 : 206, headers: headers,
            body: .stream(length: part.count) { writer in
                try await copy(id, part, context, to: writer)
            })
    }

    private func copy(
        _ id: String, _ part: ByteRange, _ context: RequestContext, to writer: HTTPBodyWriter
    ) async throws {
        guard part.count > 0 else { return }
        let chunks = try await media.readAsset(
            .init(id: id, userID: context.userID, offset: part.offset, length: part.count),
            context.call(.seconds(600)))
        while let chunk = try await chunks.next() {
            if case .data(let bytes) = chunk.part { try await writer.write(Array(bytes)) }
        }
    }

    private static func matches(_ field: String, _ tag: String) -> Bool {
        field.split(separator: ",").contains {
            let known = $0.trimmed
            return known == "*" || known == tag || known == "W/\(tag)"
        }
    }

    private func upload(_ context: RequestContext) async throws -> HTTPResponse {
        let request = context.request
        let declared = (request.headers["Content-Type"] ?? "").prefix { $0 != ";" }.trimmed
            .lowercased()
        guard ["image/png", "image/jpeg", "image/webp"].contains(declared) else {
            throw Problem(
                415, "UNSUPPORTED_IMAGE", "Upload a picture as image/png, image/jpeg or image/webp."
            )
        }
        let length = request.headers["Content-Length"].flatMap { UInt64($0) } ?? 0
        guard let body = request.bodyStream else {
            throw Problem(422, "IMAGE_INVALID", "The picture has no bytes.")
        }
        let header = MediaAPI.PutAssetHeader(
            userID: context.userID, declaredContentType: declared, bytes: length)
        let failure = Lock<HTTPBodyReader.Failure?>(nil)
        let asset: MediaAPI.Asset
        do throws(RPCError) {
            asset = try await media.putAsset(context.command(.seconds(300))) {
                writer throws(RPCError) in
                try await writer.write(.init(part: .header(header)))
                while true {
                    let piece: [UInt8]?
                    do throws(HTTPBodyReader.Failure) {
                        piece = try await body.next()
                    } catch {
                        failure.withLock { $0 = error }
                        throw RPCError.cancelled
                    }
                    guard let piece else { break }
                    try await Self.send(piece, to: writer)
                }
            }
        } catch {
            switch failure.withLock({ $0 }) {
            case .tooLarge:
                throw Problem(413, "PAYLOAD_TOO_LARGE", "The picture is too large.")
            case .cut: throw Problem(408, "REQUEST_TIMEOUT", "The picture did not arrive.")
            case nil: throw error
            }
        }
        let answers = tools.writer(context)
        var response = jsonResponse(201) { object in
            object.text("id", asset.id)
            object.text("url", answers.mediaLink(asset.id))
            object.text("contentType", asset.contentType)
            object.integer("bytes", asset.bytes)
            object.integer("width", asset.width)
            object.integer("height", asset.height)
            object.text("createdAt", answers.time(asset.createdAtUs))
        }
        response.headers.append("Location", "/api/media/\(asset.id)")
        return response
    }

    /// Streams carry at most 256 KiB in a message.
    private static func send(
        _ piece: [UInt8], to writer: RequestWriter<MediaAPI.PutAssetChunk>
    ) async throws(RPCError) {
        var rest = piece[...]
        while !rest.isEmpty {
            try await writer.write(.init(part: .data(Bytes(Array(rest.prefix(256 << 10))))))
            rest = rest.dropFirst(256 << 10)
        }
    }
}

/// A part of an asset.
struct ByteRange: Hashable {
    let offset: UInt64
    let count: UInt64

    enum Outcome: Hashable {
        case whole
        case part(ByteRange)
        case unsatisfiable
    }

    /// Reads a Range field (RFC 9110, section 14). One range is answered; several, or what cannot
    /// be read, get the whole.
    static func parse(_ field: String, size: UInt64) -> Outcome {
        guard field.hasPrefix("bytes="), !field.contains(",") else { return .whole }
        let parts = field.dropFirst(6).split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return .whole }
        let first = parts[0].trimmed
        let last = parts[1].trimmed
        if first.isEmpty {
            guard let suffix = UInt64(last) else { return .whole }
            guard suffix > 0, size > 0 else { return .unsatisfiable }
            let count = min(suffix, size)
            return .part(ByteRange(offset: size - count, count: count))
        }
        guard let offset = UInt64(first) else { return .whole }
        var end = size
        if !last.isEmpty {
            guard let value = UInt64(last), value >= offset else { return .whole }
            end = min(size, value == .max ? size : value + 1)
        }
        guard offset < size else { return .unsatisfiable }
        return .part(ByteRange(offset: offset, count: end - offset))
    }
}
