package import Wire

/// Who makes something, as the API names it.
package struct ProviderIdentity: Hashable, Sendable {
    /// "local", "fault"; what `MEDIA_IMAGE_PROVIDER` lists.
    package let id: String
    /// "local-parallax"; equal to the id where a provider has one model.
    package let model: String
    /// How many of its jobs run at the same time.
    package let concurrency: Int

    package init(id: String, model: String, concurrency: Int) {
        precondition(concurrency > 0)
        self.id = id
        self.model = model
        self.concurrency = concurrency
    }
}

/// One try of a job, as its provider sees it.
///
/// A provider whose work goes on elsewhere asks for it under `key` (the same for every try, so that
/// asking twice is paid once), calls ``accepted(_:)`` with the provider's name for the work *before*
/// it waits, and in a later try waits for ``providerReference`` instead of asking again.
package struct Attempt: Sendable {
    /// The same for every try of a job, and of no other.
    package let key: String
    /// 1 for the first try.
    package let number: Int
    /// What the provider called the work in an earlier try that was interrupted.
    package let providerReference: String?
    private let save: @Sendable (String) async throws -> Void
    private let report: @Sendable (Double) -> Void

    package init(
        key: String, number: Int, providerReference: String? = nil,
        save: @escaping @Sendable (String) async throws -> Void = { _ in },
        report: @escaping @Sendable (Double) -> Void = { _ in }
    ) {
        self.key = key
        self.number = number
        self.providerReference = providerReference
        self.save = save
        self.report = report
    }

    /// Saves the provider's name for the work; on disk when it returns.
    /// - Throws: `CancellationError` when another worker has the job now.
    package func accepted(_ reference: String) async throws { try await save(reference) }

    /// Tells how much of the work is done, 0...1.
    package func progress(_ share: Double) { report(min(max(share, 0), 1)) }
}

/// What a picture is to show.
package struct ImageRequest: Hashable, Sendable {
    package struct Choice: Hashable, Sendable {
        package var dimension: String
        package var optionID: String
        package var fragments: [String]

        package init(dimension: String, optionID: String, fragments: [String] = []) {
            self.dimension = dimension
            self.optionID = optionID
            self.fragments = fragments
        }
    }

    package var intent: String
    /// In the order of the flow; the last is the one that is shown for choosing.
    package var choices: [Choice]
    /// The same as text, for models that take one.
    package var prompt: String
    package var seed: UInt64
    package var width: Int
    package var height: Int

    package init(
        intent: String, choices: [Choice] = [], prompt: String = "", seed: UInt64 = 0,
        width: Int = 1024, height: Int = 576
    ) {
        self.intent = intent
        self.choices = choices
        self.prompt = prompt
        self.seed = seed
        self.width = width
        self.height = height
    }
}

/// A picture as it came from a provider; nothing is trusted until it has been checked.
package struct ImageResult: Sendable {
    /// PNG or JPEG, as it is to be seen.
    package var picture: [UInt8]
    /// The same without overlay; nil when there is none.
    package var clean: [UInt8]?
    /// PNG, 16 bit grey, 65535 = near.
    package var depth: [UInt8]?
    /// PNG, 8 bit grey, 255 = subject.
    package var mask: [UInt8]?
    package var overlay: AssetOverlay

    package init(
        picture: [UInt8], clean: [UInt8]? = nil, depth: [UInt8]? = nil, mask: [UInt8]? = nil,
        overlay: AssetOverlay = AssetOverlay()
    ) {
        self.picture = picture
        self.clean = clean
        self.depth = depth
        self.mask = mask
        self.overlay = overlay
    }
}

/// Makes pictures.
package protocol ImageProvider: Sendable {
    var identity: ProviderIdentity { get }
    /// - Throws: ``JobFailure``; `CancellationError` soon after the task is cancelled.
    func makeImage(_ request: ImageRequest, _ attempt: Attempt) async throws -> ImageResult
}

/// A picture with what is known of it, to be moved or measured.
package struct SourcePicture: Hashable, Sendable {
    /// Without overlay.
    package var image: Bytes
    package var depth: Bytes
    package var mask: Bytes
    package var overlay: AssetOverlay
    package var width: Int
    package var height: Int

    package init(
        image: Bytes, depth: Bytes = Bytes(), mask: Bytes = Bytes(),
        overlay: AssetOverlay = AssetOverlay(), width: Int, height: Int
    ) {
        self.image = image
        self.depth = depth
        self.mask = mask
        self.overlay = overlay
        self.width = width
        self.height = height
    }
}

/// Where a camera goes: a move by name, or from start to end. Lengths are picture heights, angles
/// radians.
package struct CameraMove: Hashable, Sendable {
    package struct Vector: Hashable, Sendable {
        package var x, y, z: Double

        package init(x: Double = 0, y: Double = 0, z: Double = 0) {
            self.x = x
            self.y = y
            self.z = z
        }
    }

    /// A move that the render service knows by this id; start and end are then only what it starts
    /// and ends with. Empty: the way is from start to end.
    package var name = ""
    package var start = Vector()
    package var end = Vector()
    /// Pitch, yaw, roll.
    package var startRotation = Vector()
    package var endRotation = Vector()

    package init() {}
}

/// What a clip is to show.
package struct VideoRequest: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable {
        case mp4
        /// JPEG frames one after the other, as `multipart/x-mixed-replace`.
        case frames
    }

    package var prompt = ""
    package var move = CameraMove()
    package var subjectMotion = ""
    package var width = 0
    package var height = 0
    package var frames = 45
    package var framesPerSecond = 15
    package var format = Format.mp4

    package init() {}
}

/// A clip as it came from a provider.
package struct VideoResult: Sendable {
    package var bytes: [UInt8]
    package var contentType: String
    package var width: Int
    package var height: Int
    package var durationMicroseconds: Int64

    package init(
        bytes: [UInt8], contentType: String, width: Int, height: Int, durationMicroseconds: Int64
    ) {
        self.bytes = bytes
        self.contentType = contentType
        self.width = width
        self.height = height
        self.durationMicroseconds = durationMicroseconds
    }
}

/// Makes clips from pictures.
package protocol VideoProvider: Sendable {
    var identity: ProviderIdentity { get }
    /// - Throws: ``JobFailure``; `CancellationError` soon after the task is cancelled.
    func makeVideo(
        _ request: VideoRequest, from source: SourcePicture, _ attempt: Attempt
    ) async throws -> VideoResult
}

/// A depth map as it came from a provider.
package struct DepthResult: Sendable {
    /// PNG, grey, white = near.
    package var bytes: [UInt8]
    /// How it was found: "heuristic", a model's name.
    package var method: String

    package init(bytes: [UInt8], method: String) {
        self.bytes = bytes
        self.method = method
    }
}

/// Tells how far away each part of a picture is.
package protocol DepthProvider: Sendable {
    var identity: ProviderIdentity { get }
    /// - Throws: ``JobFailure``; `CancellationError` soon after the task is cancelled.
    func estimateDepth(of source: SourcePicture, _ attempt: Attempt) async throws -> DepthResult
}

/// The providers of each step, the preferred one first.
package struct Providers: Sendable {
    package var image: [any ImageProvider]
    package var video: [any VideoProvider]
    package var depth: [any DepthProvider]

    package init(
        image: [any ImageProvider], video: [any VideoProvider], depth: [any DepthProvider]
    ) {
        self.image = image
        self.video = video
        self.depth = depth
    }
}
