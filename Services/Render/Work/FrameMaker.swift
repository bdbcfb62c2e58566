/// Makes any frame of one move over one prepared picture.
struct FrameMaker: Sendable {
    let size: FrameSize
    let fitted: FittedPath
    let depth: DepthChoice
    private let specification: MoveSpecification
    private let prepared: PreparedScene
    private let geometry: ParallaxGeometry
    private let motion: SubjectMotion
    private let painter: OverlayPainter
    private let kernel: RenderKernel

    init(
        _ specification: MoveSpecification, of source: SourcePicture, scenes: SceneCache,
        kernel: RenderKernel, mustStop: () -> Bool
    ) throws(RenderFailure) {
        self.specification = specification
        self.kernel = kernel
        size = specification.frameSize(aspect: source.aspect)
        let encoding = specification.colourEncoding
        var motion = SubjectMotion(words: specification.subjectWords)
        prepared = try scenes.scene(
            source, size: size, encoding: encoding,
            isSubjectApart: !motion.isStill && source.mask != nil, mustStop: mustStop)
        depth = prepared.depth
        let scene = prepared.scene
        if let subject = prepared.subject {
            motion = subject.fit(motion, seconds: specification.seconds)
        }
        self.motion = motion
        var geometry = specification.geometry
        // A guess moves half as far: what it gets wrong then shows half as much.
        if prepared.depth.isGuess { geometry.strength /= 2 }
        self.geometry = geometry
        fitted = geometry.fit(
            specification.path, aspect: Double(scene.width) / Double(scene.height),
            depths: Double(scene.depths.lowerBound)...Double(scene.depths.upperBound))
        painter = OverlayPainter(
            specification.overlay, width: size.width, height: size.height, encoding: encoding)
    }

    /// What one thread needs to make frames.
    struct Scratch {
        let frame: Picture420
        fileprivate let renderer: SheetRenderer

        init(_ maker: FrameMaker) {
            frame = Picture420(
                width: maker.size.width, height: maker.size.height,
                encoding: maker.specification.colourEncoding)
            renderer = SheetRenderer(
                scene: maker.prepared.scene, width: maker.size.width, height: maker.size.height,
                keepsDepth: maker.prepared.subject != nil, kernel: maker.kernel.make())
        }
    }

    /// Renders frame `index` into the scratch's picture.
    func make(_ index: Int, _ scratch: inout Scratch) {
        let scene = prepared.scene
        let pose = fitted.path.pose(frame: index, of: specification.frames)
        let view = SheetView(
            pose: pose, geometry: geometry, overscan: fitted.overscan * pose.zoom,
            sourceWidth: scene.width, sourceHeight: scene.height, width: size.width,
            height: size.height)
        _ = scratch.renderer.render(view, into: scratch.frame)
        if let subject = prepared.subject, let seenDepth = scratch.renderer.seenDepth {
            subject.draw(
                at: motion.placement(at: subjectSeconds(index)), view: view,
                seenDepth: seenDepth, onto: scratch.frame)
        }
        let place = fitted.path.isLoop ? index % specification.frames : index
        painter.paint(onto: scratch.frame, frameIndex: place)
    }

    /// When in its own time the subject is; in a loop it goes there and back.
    private func subjectSeconds(_ index: Int) -> Double {
        guard fitted.path.isLoop else {
            return Double(index) / Double(specification.framesPerSecond)
        }
        let share = Double(index % specification.frames) / Double(specification.frames)
        return specification.seconds / 2 * CameraPath.eased(share < 0.5 ? 2 * share : 2 - 2 * share)
    }
}
