internal import CameraMoves
internal import RPC
internal import ServiceAPI

extension MoveSpecification {
    /// Most key frames of a path.
    static let keyFramesMax = 256
    /// Most frames of a clip: 20 s at 60 frames a second.
    static let framesMax: UInt32 = 1200
    private static let secondsMax: UInt32 = 20

    /// Reads a request; zero means the default, as `proto/render.proto` says.
    /// - Throws: INVALID_MOVE with the name of the first field that is out of range.
    init(_ request: RenderAPI.MoveRequest) throws(RPCError) {
        let (path, named) = try Self.path(request)
        self.init(path: path)
        switch request.format {
        case .unspecified, .mp4: format = .mp4
        case .jpegFrames: format = .jpegFrames
        case .webp: format = .webp
        case .pngFrames: format = .pngFrames
        case .jpegStill: format = .jpegStill
        case .pngStill: format = .pngStill
        case .unrecognized:
            throw .invalidMove("format", "one of the formats of the protocol")
        }
        try readSize(request)
        try readTiming(request, named: named)
        quality = Int(
            format == .mp4
                ? try request.quality.checked("quality", 1...51, default: 26)
                : try request.quality.checked(
                    "quality", 1...100, default: format == .webp ? 75 : 85))
        geometry = ParallaxGeometry(
            strength: request.strength == 0
                ? 0.3 : try request.strength.checked("strength", 0...1),
            pivot: try request.pivot.checked("pivot", -1...1))
        if let overlay = request.overlay { self.overlay = try FrameOverlay(overlay) }
        guard request.subjectMotion.utf8.count <= 4000 else {
            throw .invalidMove("subject_motion", "at most 4000 bytes")
        }
        subjectWords = request.subjectMotion
        isFragmented = request.isFragmented && format == .mp4
        wantsPoster = request.wantsPoster
        stillAt = try request.stillAt.checked("still_at", 0...1)
    }

    private mutating func readSize(_ request: RenderAPI.MoveRequest) throws(RPCError) {
        let isWidthGiven = request.width != 0
        guard isWidthGiven == (request.height != 0) else {
            throw .invalidMove(isWidthGiven ? "height" : "width", "both sides or none")
        }
        if isWidthGiven {
            guard request.longestSide == 0, request.aspect == .unspecified else {
                throw .invalidMove(
                    request.longestSide == 0 ? "aspect" : "longest_side",
                    "none beside width and height")
            }
            let (width, height) = (Int(request.width), Int(request.height))
            guard let size = FrameSize(width: width, height: height) else {
                throw .invalidMove(
                    Self.wrongSide(width, height),
                    "sides up to \(FrameSize.sideMax), the longest from "
                        + "\(FrameSize.longestMin), the other from \(FrameSize.sideMin)")
            }
            self.size = size
        }
        if request.longestSide != 0 {
            longestSide = Int(
                try request.longestSide.checked(
                    "longest_side", UInt32(FrameSize.longestMin)...UInt32(FrameSize.sideMax),
                    default: 0))
        }
        switch request.aspect {
        case .unspecified: break
        case .wide: aspect = 16.0 / 9
        case .tall: aspect = 9.0 / 16
        case .square: aspect = 1
        case .classic: aspect = 4.0 / 3
        case .portrait: aspect = 3.0 / 4
        case .unrecognized:
            throw .invalidMove("aspect", "WIDE, TALL, SQUARE, CLASSIC or PORTRAIT")
        }
        if let size, size.pixels > FrameSize.videoPixelsMax, format == .mp4 {
            throw .invalidMove(
                size.height > size.width ? "height" : "width",
                "width × height of at most \(FrameSize.videoPixelsMax) pixels of video")
        }
    }

    /// The side that is too long or too short; where the longest is too short, that one.
    private static func wrongSide(_ width: Int, _ height: Int) -> String {
        if width > FrameSize.sideMax { return "width" }
        if height > FrameSize.sideMax { return "height" }
        let (longest, other) = height > width ? ("height", "width") : ("width", "height")
        return max(width, height) + 1 < FrameSize.longestMin ? longest : other
    }

    private mutating func readTiming(
        _ request: RenderAPI.MoveRequest, named: CameraMove?
    ) throws(RPCError) {
        let rate = try request.framesPerSecond.checked("frames_per_second", 12...60, default: 15)
        framesPerSecond = Int(rate)
        if request.frames != 0 {
            guard request.durationMs == 0 else {
                throw .invalidMove("duration_ms", "none beside frames")
            }
            // Half a second of what moves; of a still, any frame of any move.
            let least = isStill ? 1 : (rate + 1) / 2
            let most = min(Self.framesMax, rate * Self.secondsMax)
            frames = Int(try request.frames.checked("frames", least...most, default: 0))
        } else {
            let standard = UInt32((named?.durationSeconds ?? 3) * 1000)
            let duration = try request.durationMs.checked(
                "duration_ms", 500...20_000, default: standard)
            frames = max(1, (Int(duration) * framesPerSecond + 500) / 1000)
        }
    }

    /// The way of the camera, and the named move that it is of.
    private static func path(
        _ request: RenderAPI.MoveRequest
    ) throws(RPCError) -> (CameraPath, CameraMove?) {
        let ways = [request.path != nil, !request.move.isEmpty, !request.keyFrames.isEmpty]
        guard ways.count(where: { $0 }) <= 1 else {
            throw .invalidMove(
                request.keyFrames.isEmpty ? "move" : "key_frames",
                "only one of path, move and key_frames")
        }
        var path = CameraPath.still
        var named: CameraMove?
        if !request.move.isEmpty {
            guard let move = CameraMove.named(request.move) else {
                throw .invalidMove("move", "the id of a move of ListMoves")
            }
            named = move
            path = CameraPath(move)
        } else if !request.keyFrames.isEmpty {
            path = CameraPath(keys: try keys(request.keyFrames))
        } else if let given = request.path {
            path = CameraPath(
                start: try CameraPose(given.start, given.startRotation, "path.start"),
                end: try CameraPose(given.end, given.endRotation, "path.end"))
        }
        guard let shape = request.shape else { return (path, named) }
        if let strength = shape.strength {
            guard strength.percent <= 200 else {
                throw .invalidMove("shape.strength.percent", "0...200")
            }
            path = path.scaled(by: Double(strength.percent) / 100)
        }
        if shape.easing != .unspecified {
            path = path.eased(by: try CameraEasing(shape.easing, "shape.easing"))
        }
        if shape.isReversed { path = path.reversed() }
        if shape.isLoop { path = path.looped() }
        return (path, named)
    }

    private static func keys(
        _ frames: [RenderAPI.KeyFrame]
    ) throws(RPCError) -> [CameraPath.Key] {
        guard (2...keyFramesMax).contains(frames.count) else {
            throw .invalidMove("key_frames", "2...\(keyFramesMax) of them")
        }
        var keys: [CameraPath.Key] = []
        for (index, frame) in frames.enumerated() {
            let field = "key_frames[\(index)]"
            let time = try frame.time.checked("\(field).time", 0...1)
            guard time > (keys.last?.time ?? -1), index > 0 || time == 0,
                index < frames.count - 1 || time == 1
            else { throw .invalidMove("\(field).time", "rising from 0 to 1") }
            var pose = try CameraPose(frame.position, frame.rotation, "\(field).position")
            if frame.zoom != 0 {
                pose.zoom = try frame.zoom.checked("\(field).zoom", 0.5...4)
            }
            let easing =
                frame.easing == .unspecified
                ? .easeInOut : try CameraEasing(frame.easing, "\(field).easing")
            keys.append(CameraPath.Key(time, pose, easing: easing))
        }
        return keys
    }
}

extension CameraEasing {
    fileprivate init(_ easing: RenderAPI.Easing, _ field: String) throws(RPCError) {
        switch easing {
        case .linear: self = .linear
        case .easeIn: self = .easeIn
        case .easeOut: self = .easeOut
        case .unspecified, .easeInOut: self = .easeInOut
        case .through: self = .through
        case .unrecognized: throw .invalidMove(field, "an easing of the protocol")
        }
    }
}

extension RenderAPI.NamedMove {
    init(_ move: CameraMove) {
        self.init(
            id: move.id, label: move.label, category: move.category.rawValue,
            description: move.description, keyFrames: move.keys.map(RenderAPI.KeyFrame.init),
            isLoop: move.isLoop, durationMs: UInt32(move.durationSeconds * 1000))
    }
}

extension RenderAPI.KeyFrame {
    fileprivate init(_ key: CameraKey) {
        let place = key.placement
        let easing: RenderAPI.Easing =
            switch key.easing {
            case .linear: .linear
            case .easeIn: .easeIn
            case .easeOut: .easeOut
            case .easeInOut: .easeInOut
            case .through: .through
            }
        self.init(
            time: key.time, position: RenderAPI.Vector(x: place.x, y: place.y, z: place.z),
            rotation: RenderAPI.Rotation(pitch: place.pitch, yaw: place.yaw, roll: place.roll),
            zoom: place.zoom, easing: easing)
    }
}

extension CameraPose {
    fileprivate init(
        _ position: RenderAPI.Vector?, _ rotation: RenderAPI.Rotation?, _ field: String
    ) throws(RPCError) {
        let p = position ?? RenderAPI.Vector()
        let r = rotation ?? RenderAPI.Rotation()
        let turn =
            field.hasSuffix("position")
            ? String(field.dropLast("position".count)) + "rotation" : "\(field)_rotation"
        self.init(
            Vector3(
                try p.x.checked("\(field).x", -2...2), try p.y.checked("\(field).y", -2...2),
                try p.z.checked("\(field).z", -2...2)),
            rotation: CameraRotation(
                pitch: try r.pitch.checked("\(turn).pitch", -1...1),
                yaw: try r.yaw.checked("\(turn).yaw", -1...1),
                roll: try r.roll.checked("\(turn).roll", -1...1)))
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
    static func invalidMove(_ field: String, _ expected: String) -> RPCError {
        RPCError(
            .invalidArgument, "INVALID_MOVE", "\(field): expected \(expected).",
            details: ["field": field])
    }
}
