internal import ServiceAPI
internal import Storage
internal import Wire

/// The nested part of a session as one packed message.
enum SessionCoding {
    static func pack(_ session: Session) throws -> [UInt8] {
        var message = SessionAPI.StoredSession(
            intent: session.intent, aspectRatio: session.aspectRatio, seed: session.seed,
            choices: session.choices.map(SessionAPI.StoredChoice.init),
            previous: session.previous.values.sorted { $0.dimension < $1.dimension }
                .map(SessionAPI.StoredChoice.init),
            isCameraOffered: session.camera.isOffered,
            isDepthFallback: session.camera.isFallback, depthAssetID: session.camera.depthAssetID,
            cameraMotionID: session.camera.motionID,
            previousCameraMotionID: session.camera.previousMotionID,
            subject: session.subject.map {
                SessionAPI.StoredSubject(text: $0.text, videoAssetID: $0.videoAssetID)
            },
            finalPrompt: session.finalPrompt, videoPrompt: session.videoPrompt)
        // Sorted, so that equal sessions have equal bytes.
        message.sets = session.sets.sorted { $0.key < $1.key }.map { path, set in
            SessionAPI.StoredSet(
                path: Bytes(path.bytes), dimension: set.dimension.rawValue,
                regeneration: UInt32(set.regeneration),
                slots: set.slots.map { SessionAPI.StoredSlot($0, dimension: set.dimension) })
        }
        message.regenerations = session.regenerations.sorted { $0.key < $1.key }.map {
            SessionAPI.RegenerationCount(dimension: $0.rawValue, count: UInt32($1))
        }
        message.depths = session.depths.sorted { $0.key < $1.key }.map {
            SessionAPI.StoredDepth(sourceAssetID: $0, depthAssetID: $1)
        }
        message.clips = session.videos.sorted { $0.key < $1.key }.map {
            SessionAPI.StoredClip(
                key: Bytes($0.bytes), assetID: $1.assetID, prompt: $1.prompt)
        }
        return try message.packed()
    }

    /// Fills the nested part of a session whose columns are set.
    static func unpack(_ packed: [UInt8], into session: inout Session) throws {
        let message = try SessionAPI.StoredSession(packed: packed)
        session.intent = message.intent
        session.aspectRatio = message.aspectRatio
        session.seed = message.seed
        session.choices = try message.choices.map(Choice.init)
        for choice in try message.previous.map(Choice.init) {
            session.previous[choice.dimension] = choice
        }
        for set in message.sets {
            session.sets[PathKey(bytes: Array(set.path))] = PictureSet(
                dimension: try dimension(set.dimension), regeneration: Int(set.regeneration),
                slots: set.slots.map(Slot.init))
        }
        for count in message.regenerations {
            session.regenerations[try dimension(count.dimension)] = Int(count.count)
        }
        for depth in message.depths { session.depths[depth.sourceAssetID] = depth.depthAssetID }
        for clip in message.clips {
            session.videos[PathKey(bytes: Array(clip.key))] = Clip(
                assetID: clip.assetID, prompt: clip.prompt)
        }
        session.camera.isOffered = message.isCameraOffered
        session.camera.isFallback = message.isDepthFallback
        session.camera.depthAssetID = message.depthAssetID
        session.camera.motionID = message.cameraMotionID
        session.camera.previousMotionID = message.previousCameraMotionID
        session.subject = message.subject.map {
            Subject(text: $0.text, videoAssetID: $0.videoAssetID)
        }
        session.finalPrompt = message.finalPrompt
        session.videoPrompt = message.videoPrompt
    }

    static func dimension(_ text: String) throws(StorageError) -> Dimension {
        guard let dimension = Dimension(rawValue: text) else {
            throw .corrupt("there is no dimension \(text)")
        }
        return dimension
    }
}

extension PathKey: Comparable {
    package static func < (left: PathKey, right: PathKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension SessionAPI.StoredChoice {
    init(_ choice: Choice) {
        self.init(
            dimension: choice.dimension.rawValue, optionID: choice.optionID, label: choice.label,
            fragments: choice.fragments, assetID: choice.assetID)
    }
}

extension Choice {
    init(_ stored: SessionAPI.StoredChoice) throws(StorageError) {
        self.init(
            dimension: try SessionCoding.dimension(stored.dimension), optionID: stored.optionID,
            label: stored.label, fragments: stored.fragments, assetID: stored.assetID)
    }
}

extension SessionAPI.StoredSlot {
    init(_ slot: Slot, dimension: Dimension?) {
        let picture: SessionAPI.Picture? =
            slot.state == .absent ? nil : SessionAPI.Picture(slot, dimension: dimension)
        self.init(
            optionID: slot.optionID, picture: picture, fragments: slot.picture?.fragments ?? [])
    }
}

extension Slot {
    init(_ stored: SessionAPI.StoredSlot) {
        guard let picture = stored.picture else {
            self.init(optionID: stored.optionID, state: .absent)
            return
        }
        if let error = picture.error {
            self.init(optionID: stored.optionID, state: .failed(Failure(error)))
            return
        }
        self.init(
            optionID: stored.optionID,
            state: .made(
                MadePicture(
                    id: picture.id, assetID: picture.assetID, prompt: picture.prompt,
                    fragments: stored.fragments, width: picture.width, height: picture.height,
                    provider: picture.provider, generatedAtUs: picture.generatedAtUs)))
    }
}

extension SessionAPI.Picture {
    /// A slot as its user sees it: the picture, why there is none, or that it is still to come.
    init(_ slot: Slot, dimension: Dimension?) {
        let dimension = dimension?.rawValue ?? ""
        switch slot.state {
        case .absent:
            self.init(dimension: dimension, optionID: slot.optionID, isPending: true)
        case .failed(let failure):
            self.init(
                dimension: dimension, optionID: slot.optionID, error: SessionAPI.Problem(failure))
        case .made(let picture):
            self.init(
                id: picture.id, assetID: picture.assetID, dimension: dimension,
                optionID: slot.optionID, prompt: picture.prompt, width: picture.width,
                height: picture.height, provider: picture.provider,
                generatedAtUs: picture.generatedAtUs)
        }
    }
}

extension SessionAPI.Problem {
    init(_ failure: Failure) {
        self.init(
            code: failure.code, message: failure.message, isRetryable: failure.isRetryable)
    }
}

extension Failure {
    init(_ problem: SessionAPI.Problem) {
        self.init(
            code: problem.code, message: problem.message, isRetryable: problem.isRetryable)
    }
}
