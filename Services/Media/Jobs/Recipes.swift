internal import Cryptography
internal import ServiceAPI
internal import Wire

/// What a job is to make, between the message that asked for it and the request to a provider.
enum Recipes {
    /// What a request asks for, checked and packed.
    /// - Throws: ``MediaError/invalidRecipe(_:)``.
    static func pack(
        _ request: MediaAPI.JobRequest
    ) throws(MediaError) -> (kind: JobKind, recipe: [UInt8], source: String?) {
        switch request.kind {
        case .image:
            guard let image = request.image else { throw .invalidRecipe("image is missing") }
            try check(image)
            return (.image, try packed(image), nil)
        case .video:
            guard let video = request.video else { throw .invalidRecipe("video is missing") }
            try check(video)
            return (.video, try packed(video), video.sourceAssetID)
        case .unspecified, .unrecognized:
            throw .invalidRecipe("kind is neither IMAGE nor VIDEO")
        }
    }

    /// Identifies work: equal work has an equal fingerprint.
    static func fingerprint(_ kind: JobKind, _ recipe: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update("job/\(kind)/")
        hash.update(recipe)
        return hash.finish()
    }

    private static func packed(_ message: some WireMessage) throws(MediaError) -> [UInt8] {
        do throws(WireError) {
            return try message.packed()
        } catch {
            throw .invalidRecipe("a text is not valid")
        }
    }

    private static func check(_ image: MediaAPI.ImageRecipe) throws(MediaError) {
        guard !image.intent.isEmpty, image.intent.count <= 4_000 else {
            throw .invalidRecipe("intent must have 1 to 4,000 characters")
        }
        guard image.choices.count <= 16, image.choices.allSatisfy({ $0.fragments.count <= 16 })
        else { throw .invalidRecipe("too many choices or fragments") }
        guard PictureSize.pixels(aspectRatio: image.aspectRatio) != nil else {
            throw .invalidRecipe("aspect_ratio is not one of 16:9, 9:16, 1:1, 4:3, 3:4")
        }
    }

    private static func check(_ video: MediaAPI.VideoRecipe) throws(MediaError) {
        guard !video.sourceAssetID.isEmpty else {
            throw .invalidRecipe("source_asset_id is missing")
        }
        guard video.width <= 1920, video.height <= 1920, video.framesPerSecond <= 60,
            (0...24).contains(video.durationSeconds)
        else { throw .invalidRecipe("size, duration or frame rate is out of range") }
        if let path = video.path { try check(path) }
    }

    private static func check(_ path: MediaAPI.CameraPath) throws(MediaError) {
        let start = vector(path.start), end = vector(path.end)
        let first = vector(path.startRotation), last = vector(path.endRotation)
        let isInRange = [start, end, first, last].allSatisfy { vector in
            [vector.x, vector.y, vector.z].allSatisfy { abs($0) <= 10 }
        }
        guard isInRange, (0...24).contains(path.durationSeconds), path.motionID.utf8.count <= 64
        else {
            throw .invalidRecipe("the camera path is out of range")
        }
    }

    static func imageRequest(_ packed: [UInt8]) throws -> ImageRequest {
        let recipe = try MediaAPI.ImageRecipe(packed: packed)
        guard let size = PictureSize.pixels(aspectRatio: recipe.aspectRatio) else {
            throw JobFailure(
                .permanent, code: "INVALID_RECIPE", message: "The aspect ratio is not known.")
        }
        return ImageRequest(
            intent: recipe.intent,
            choices: recipe.choices.map {
                ImageRequest.Choice(
                    dimension: $0.dimension, optionID: $0.optionID, fragments: $0.fragments)
            },
            prompt: recipe.prompt, seed: recipe.seed, width: size.width, height: size.height)
    }

    static func videoRecipe(_ packed: [UInt8]) throws -> MediaAPI.VideoRecipe {
        try MediaAPI.VideoRecipe(packed: packed)
    }

    /// The request for a final clip: as large as the picture unless told.
    static func videoRequest(
        _ recipe: MediaAPI.VideoRecipe, of picture: SourcePicture
    ) -> VideoRequest {
        var request = VideoRequest()
        request.prompt = recipe.prompt
        request.subjectMotion = recipe.subjectMotion
        request.width = recipe.width > 0 ? Int(recipe.width) : min(picture.width, 1920) & ~1
        request.height = recipe.height > 0 ? Int(recipe.height) : min(picture.height, 1920) & ~1
        if recipe.framesPerSecond > 0 {
            request.framesPerSecond = Int(recipe.framesPerSecond)
        } else {
            request.framesPerSecond = 24
        }
        let seconds =
            recipe.durationSeconds > 0
            ? recipe.durationSeconds : recipe.path?.durationSeconds ?? 0
        request.frames = frames(seconds: seconds, perSecond: request.framesPerSecond)
        if let path = recipe.path { request.move = move(path) }
        return request
    }

    /// The request for a preview of a camera move: 320 wide, 15 frames a second unless told.
    static func videoRequest(
        _ request: MediaAPI.EnsureMoveRequest
    ) throws(MediaError) -> VideoRequest {
        guard request.width <= 1920, request.height <= 1920, request.framesPerSecond <= 60 else {
            throw .invalidRecipe("size or frame rate is out of range")
        }
        let format = request.format.isEmpty ? "mp4" : request.format
        guard let format = VideoRequest.Format(rawValue: format) else {
            throw .invalidRecipe("format is neither mp4 nor frames")
        }
        var result = VideoRequest()
        result.format = format
        result.subjectMotion = request.subjectMotion
        result.width = Int(request.width)
        result.height = Int(request.height)
        if request.framesPerSecond > 0 { result.framesPerSecond = Int(request.framesPerSecond) }
        if let path = request.path {
            try check(path)
            result.move = move(path)
        }
        result.frames = frames(
            seconds: request.path?.durationSeconds ?? 0, perSecond: result.framesPerSecond)
        return result
    }

    private static func frames(seconds: Double, perSecond: Int) -> Int {
        let exact = (seconds > 0 ? seconds : 3) * Double(perSecond)
        // No clip is shorter than half a second.
        return min(max(Int(exact.rounded(.up)), (perSecond + 1) / 2), 1440)
    }

    private static func move(_ path: MediaAPI.CameraPath) -> CameraMove {
        var move = CameraMove()
        move.name = path.motionID
        move.start = vector(path.start)
        move.end = vector(path.end)
        move.startRotation = vector(path.startRotation)
        move.endRotation = vector(path.endRotation)
        return move
    }

    private static func vector(_ vector: MediaAPI.Vector?) -> CameraMove.Vector {
        CameraMove.Vector(x: vector?.x ?? 0, y: vector?.y ?? 0, z: vector?.z ?? 0)
    }

    private static func vector(_ rotation: MediaAPI.Rotation?) -> CameraMove.Vector {
        CameraMove.Vector(
            x: rotation?.pitch ?? 0, y: rotation?.yaw ?? 0, z: rotation?.roll ?? 0)
    }
}
