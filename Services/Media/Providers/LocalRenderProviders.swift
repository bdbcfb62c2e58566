internal import RPC
package import ServiceAPI
internal import Wire

/// Moves a camera over a picture with the render service.
package struct LocalVideoProvider: VideoProvider {
    package let identity: ProviderIdentity
    private let client: RenderAPI.Client
    private let timeout: Duration

    /// Largest clip, in bytes.
    private static let bytesMax = 256 << 20

    package init(client: RenderAPI.Client, concurrency: Int, timeout: Duration) {
        self.client = client
        self.timeout = timeout
        identity = ProviderIdentity(
            id: "local", model: "local-parallax", concurrency: concurrency)
    }

    package func makeVideo(
        _ request: VideoRequest, from source: SourcePicture, _ attempt: Attempt
    ) async throws -> VideoResult {
        let render = RenderSource(client: client, source: source, timeout: timeout)
        let answer = try await render.ask(bytesMax: Self.bytesMax) {
            client, digest, options throws(RPCError) in
            try await client.renderMove(
                Self.moveRequest(request, digest: digest, overlay: source.overlay), options)
        }
        let isFrames = request.format == .frames
        return VideoResult(
            bytes: isFrames ? Self.multipart(answer) : answer.bytes,
            contentType: isFrames
                ? "multipart/x-mixed-replace; boundary=frame" : "video/mp4",
            width: Int(answer.header.width), height: Int(answer.header.height),
            durationMicroseconds: Int64(request.frames) * 1_000_000
                / Int64(request.framesPerSecond))
    }

    private static func moveRequest(
        _ request: VideoRequest, digest: [UInt8], overlay: AssetOverlay
    ) -> RenderAPI.MoveRequest {
        let move = request.move
        return RenderAPI.MoveRequest(
            source: Bytes(digest), path: move.name.isEmpty ? path(move) : nil,
            width: UInt32(request.width), height: UInt32(request.height),
            frames: UInt32(request.frames),
            framesPerSecond: UInt32(request.framesPerSecond),
            format: request.format == .frames ? .jpegFrames : .mp4,
            overlay: overlay.isEmpty
                ? nil
                : RenderAPI.Overlay(
                    letterboxShare: Double(overlay.letterboxPPM) / 1e6,
                    borderShare: Double(overlay.borderPPM) / 1e6,
                    borderRgb: UInt32(truncatingIfNeeded: overlay.borderRGB),
                    grain: Double(overlay.grainPPM) / 1e6,
                    grainSeed: UInt64(truncatingIfNeeded: overlay.grainSeed)),
            subjectMotion: request.subjectMotion, move: move.name)
    }

    private static func path(_ move: CameraMove) -> RenderAPI.Path {
        var path = RenderAPI.Path(start: vector(move.start), end: vector(move.end))
        if move.startRotation != CameraMove.Vector() || move.endRotation != CameraMove.Vector() {
            path.startRotation = rotation(move.startRotation)
            path.endRotation = rotation(move.endRotation)
        }
        return path
    }

    private static func vector(_ vector: CameraMove.Vector) -> RenderAPI.Vector {
        RenderAPI.Vector(x: vector.x, y: vector.y, z: vector.z)
    }

    private static func rotation(_ vector: CameraMove.Vector) -> RenderAPI.Rotation {
        RenderAPI.Rotation(pitch: vector.x, yaw: vector.y, roll: vector.z)
    }

    /// The frames as one multipart body, which a browser can show as it is.
    private static func multipart(_ answer: RenderSource.Answer) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(answer.bytes.count + answer.frames.count * 80)
        for (index, start) in answer.frames.enumerated() {
            let end =
                index + 1 < answer.frames.count
                ? answer.frames[index + 1] : answer.bytes.count
            body += Array(
                "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: \(end - start)\r\n\r\n".utf8
            )
            body += answer.bytes[start..<end]
            body += Array("\r\n".utf8)
        }
        return body + Array("--frame--\r\n".utf8)
    }
}

/// Takes the depth that came with a picture, or lets the render service guess it.
package struct LocalDepthProvider: DepthProvider {
    package let identity: ProviderIdentity
    private let client: RenderAPI.Client
    private let timeout: Duration

    /// Largest depth map, in bytes.
    private static let bytesMax = 64 << 20

    package init(client: RenderAPI.Client, concurrency: Int, timeout: Duration) {
        self.client = client
        self.timeout = timeout
        identity = ProviderIdentity(id: "local", model: "local", concurrency: concurrency)
    }

    package func estimateDepth(
        of source: SourcePicture, _ attempt: Attempt
    ) async throws -> DepthResult {
        let render = RenderSource(client: client, source: source, timeout: timeout)
        let answer = try await render.ask(bytesMax: Self.bytesMax) {
            client, digest, options throws(RPCError) in
            try await client.estimateDepth(
                RenderAPI.DepthRequest(source: Bytes(digest)), options)
        }
        return DepthResult(
            bytes: answer.bytes,
            method: answer.header.depthProvider.isEmpty
                ? "heuristic" : answer.header.depthProvider)
    }
}
