internal import RPC
internal import ServiceAPI

extension MoveSpecification {
    /// Reads a request; zero means the default, as `proto/render.proto` says.
    /// - Throws: INVALID_MOVE with the name of the first field that is out of range.
    init(_ request: RenderAPI.MoveRequest) throws(RPCError) {
        let path = request.path ?? RenderAPI.Path()
        self.init(
            path: CameraPath(
                start: try .init(path.start, path.startRotation, "path.start"),
                end: try .init(path.end, path.endRotation, "path.end")))
        if request.width != 0 || request.height != 0 {
            guard let size = FrameSize(width: Int(request.width), height: Int(request.height))
            else {
                throw .invalidMove(
                    "width, height",
                    "even numbers \(FrameSize.sideMin)...\(FrameSize.sideMax), or both 0")
            }
            self.size = size
        }
        frames = Int(try request.frames.checked("frames", 1...1440, default: 45))
        framesPerSecond = Int(
            try request.framesPerSecond.checked("frames_per_second", 1...60, default: 15))
        switch request.format {
        case .unspecified, .mp4: format = .mp4
        case .jpegFrames: format = .jpegFrames
        case .unrecognized: throw .invalidMove("format", "MP4 or JPEG_FRAMES")
        }
        quality = Int(
            format == .mp4
                ? try request.quality.checked("quality", 1...51, default: 26)
                : try request.quality.checked("quality", 1...100, default: 85))
        geometry = ParallaxGeometry(
            strength: request.strength == 0
                ? 0.3 : try request.strength.checked("strength", 0...1),
            pivot: try request.pivot.checked("pivot", -1...1))
        if let overlay = request.overlay { self.overlay = try FrameOverlay(overlay) }
        guard request.subjectMotion.utf8.count <= 4000 else {
            throw .invalidMove("subject_motion", "at most 4000 bytes")
        }
        subjectWords = request.subjectMotion
    }
}

extension CameraPose {
    fileprivate init(
        _ position: RenderAPI.Vector?, _ rotation: RenderAPI.Rotation?, _ field: String
    ) throws(RPCError) {
        let p = position ?? RenderAPI.Vector()
        let r = rotation ?? RenderAPI.Rotation()
        self.init(
            Vector3(
                try p.x.checked("\(field).x", -2...2), try p.y.checked("\(field).y", -2...2),
                try p.z.checked("\(field).z", -2...2)),
            rotation: CameraRotation(
                pitch: try r.pitch.checked("\(field)_rotation.pitch", -1...1),
                yaw: try r.yaw.checked("\(field)_rotation.yaw", -1...1),
                roll: try r.roll.checked("\(field)_rotation.roll", -1...1)))
    }
}

extension FrameOverlay {
    fileprivate init(_ overlay: RenderAPI.Overlay) throws(RPCError) {
        self.init(
            letterboxShare: try overlay.letterboxShare.checked("overlay.letterbox_share", 0...0.4),
            borderShare: try overlay.borderShare.checked("overlay.border_share", 0...0.3),
            borderRGB: try overlay.borderRgb.checked(
                "overlay.border_rgb", 0...0xFF_FFFF, default: 0),
            grain: try overlay.grain.checked("overlay.grain", 0...1),
            grainSeed: overlay.grainSeed)
    }
}

extension Double {
    /// The number itself when it is in range; what is not a number is in no range.
    fileprivate func checked(
        _ field: String, _ range: ClosedRange<Double>
    ) throws(RPCError) -> Double {
        guard range.contains(self) else {
            throw .invalidMove(field, "\(range.lowerBound)...\(range.upperBound)")
        }
        return self
    }
}

extension UInt32 {
    fileprivate func checked(
        _ field: String, _ range: ClosedRange<UInt32>, default whenZero: UInt32
    ) throws(RPCError) -> UInt32 {
        if self == 0 { return whenZero }
        guard range.contains(self) else {
            throw .invalidMove(field, "\(range.lowerBound)...\(range.upperBound)")
        }
        return self
    }
}

extension RPCError {
    fileprivate static func invalidMove(_ field: String, _ expected: String) -> RPCError {
        RPCError(
            .invalidArgument, "INVALID_MOVE", "\(field): expected \(expected).",
            details: ["field": field])
    }
}
