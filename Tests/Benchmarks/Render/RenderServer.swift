import Cryptography
import Glibc
import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Wire

/// The real render service, started for a benchmark.
struct RenderServer {
    let process: ChildProcess
    let address: SocketAddress

    /// - Parameter folder: Where it may keep its cache.
    init(folder: String) throws {
        let program = CommandLine.arguments[0]
        let place = program.lastIndex(of: "/").map { program[..<$0] } ?? "."
        process = try ChildProcess(
            "\(place)/render", [],
            environment: [
                "RENDER_LISTEN": "127.0.0.1:0", "RENDER_LOG_LEVEL": "error",
                "RENDER_STORE": "sqlite:\(folder)/render.db",
                "RENDER_RESULTS": "file:\(folder)/results",
            ])
        guard let line = process.line(),
            let mark = line.firstRange(of: "\"address\":\"")?.upperBound,
            let end = line[mark...].firstIndex(of: "\""),
            let address = SocketAddress(String(line[mark..<end]))
        else {
            process.terminate()
            throw BenchFailure("render did not start; run make build")
        }
        self.address = address
    }

    func stop() {
        process.terminate()
        _ = process.waitForExit()
    }
}

/// A picture with its depth as it is uploaded.
struct RenderUpload {
    private static let pieceBytes = 256 << 10
    private static let options = CallOptions(timeout: .seconds(60))

    let image: [UInt8]
    let depth: [UInt8]

    /// The truth scene at rest.
    init(width: Int, height: Int) throws {
        let scene = TruthScene(width: width, height: height)
        image = try ImageCodec.encodePNG(
            rgb: scene.view(), width: width, height: height, level: 1)
        depth = try ImageCodec.encodeGreyPNG(
            scene.softDepth().values.map { UInt16($0 * 65535) }, width: width, height: height,
            level: 1)
    }

    var digest: [UInt8] {
        var hash = SHA256()
        hash.update(image)
        hash.update(depth)
        return hash.finish()
    }

    func put(_ client: RenderAPI.Client) async throws {
        let (image, depth, digest) = (self.image, self.depth, self.digest)
        _ = try await client.putSource(Self.options) { writer throws(RPCError) in
            let header = RenderAPI.SourceHeader(
                digest: Bytes(digest), imageBytes: UInt64(image.count),
                depthBytes: UInt64(depth.count))
            try await writer.write(.init(part: .header(header)))
            for start in stride(from: 0, to: image.count, by: Self.pieceBytes) {
                let end = min(start + Self.pieceBytes, image.count)
                try await writer.write(.init(part: .image(Bytes(Array(image[start..<end])))))
            }
            for start in stride(from: 0, to: depth.count, by: Self.pieceBytes) {
                let end = min(start + Self.pieceBytes, depth.count)
                try await writer.write(.init(part: .depth(Bytes(Array(depth[start..<end])))))
            }
        }
    }
}
