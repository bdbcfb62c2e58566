internal import Archive
internal import Cryptography
internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// A ZIP archive of originals, written while the client reads it.
struct CreationArchive: Sendable {
    private struct File: Sendable {
        let name: String
        let asset: MediaAPI.Asset
        let creation: SessionAPI.Creation
    }

    let tools: RouteTools

    /// - Throws: 404 before the first byte when an asset is gone.
    func response(_ ids: [String], _ context: RequestContext) async throws -> HTTPResponse {
        let found = try await tools.backends.session.getCreations(
            .init(userID: context.userID, ids: ids), context.call())
        var files: [File] = []
        for creation in found.creations {
            for (index, id) in creation.assetIDs.enumerated() {
                let asset = try await tools.backends.media.getAsset(
                    .init(id: id, userID: context.userID), context.call())
                let part = creation.assetIDs.count > 1 ? "-\(index + 1)" : ""
                files.append(
                    File(
                        name: "\(creation.step)-\(creation.id)\(part).\(Self.ending(asset))",
                        asset: asset, creation: creation))
            }
        }
        let manifest = manifest(files, context)
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": "application/zip", "Cache-Control": "private, no-store",
                "Content-Disposition": "attachment; filename=\"convergence.zip\"",
            ],
            body: .stream(length: nil) { [files] writer in
                try await write(files, manifest, context, to: writer)
            })
    }

    private func write(
        _ files: [File], _ manifest: [UInt8], _ context: RequestContext,
        to writer: HTTPBodyWriter
    ) async throws {
        let zip = try ZipWriter()
        let now = tools.time.now.microseconds / 1_000_000
        try zip.begin("manifest.json", size: UInt64(manifest.count), modified: now)
        try zip.write(manifest)
        for file in files {
            try zip.begin(
                file.name, size: file.asset.bytes, modified: file.asset.createdAtUs / 1_000_000)
            let chunks = try await tools.backends.media.readAsset(
                .init(id: file.asset.id, userID: context.userID), context.call(.seconds(600)))
            while let chunk = try await chunks.next() {
                guard case .data(let bytes) = chunk.part else { continue }
                try zip.write(Array(bytes))
                try await writer.write(zip.take())
            }
        }
        try zip.close()
        try await writer.write(zip.take())
    }

    /// How each file was made, as the gallery tells it, and the digest of its bytes.
    private func manifest(_ files: [File], _ context: RequestContext) -> [UInt8] {
        let answers = tools.writer(context)
        var json = JSONWriter()
        json.object { object in
            object.text("createdAt", answers.time(tools.time.now.microseconds))
            object.array("files", files) { writer, file in
                writer.object {
                    $0.text("name", file.name)
                    $0.text("contentType", file.asset.contentType)
                    $0.integer("bytes", file.asset.bytes)
                    $0.text("sha256", Hex.encode(Array(file.asset.digest)))
                    $0.integer("width", file.asset.width)
                    $0.integer("height", file.asset.height)
                    answers.origin(&$0, file.creation)
                }
            }
        }
        return json.bytes
    }

    private static func ending(_ asset: MediaAPI.Asset) -> String {
        switch asset.contentType {
        case "image/png": "png"
        case "image/jpeg": "jpg"
        case "image/webp": "webp"
        case "video/mp4": "mp4"
        default: "bin"
        }
    }
}
