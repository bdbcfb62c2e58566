/// Draws the picture of a recipe. Pure: equal recipes give equal bytes on any thread.
///
/// About 0.3 s of one core for 1024 x 576 pixels in an optimised build.
/// - Throws: ``PictureCancelled`` soon after `isCancelled` first answers true.
package func renderPicture(
    _ recipe: PictureRecipe, isCancelled: @Sendable () -> Bool
) throws(PictureCancelled) -> Picture {
    func check() throws(PictureCancelled) {
        if isCancelled() { throw PictureCancelled() }
    }
    try check()
    let plan = Plan(recipe)
    let light = Light(plan)
    let model = SubjectModel(
        plan.words.subject, yaw: plan.yaw * pi / 180, light: light, seed: plan.noiseSeed,
        finest: plan.camera.subjectDistance / plan.camera.focal)
    let layer = SubjectLayer(width: plan.width, height: plan.height)
    model.draw(
        plan.camera, into: layer, isPrint: plan.grade.isPrint, isLarge: plan.framing.isClose)
    try check()

    let stage = Stage(plan: plan, light: light)
    let trace = SubjectTrace(
        model: model, layer: layer, height: plan.traits.height,
        length: plan.traits.length, distance: plan.camera.subjectDistance)
    try check()
    stage.build(trace)
    try check()
    let composition = Composition(stage: stage, layer: layer, plan: plan)
    defer { composition.free() }
    Weather(plan: plan).draw(on: composition, stage: stage)
    try check()
    let developer = Developer(
        plan: plan, canvas: composition.canvas, depth: composition.depth,
        mask: composition.mask)
    developer.addGlow()
    developer.grade()
    try check()
    if plan.grade.isPrint { PrintPass(plan: plan, composition: composition).run() }
    try check()
    return composition.picture(plan)
}

extension Composition {
    /// Encodes the finished canvas; distance becomes nearness, 0.35 of the subject's distance is 1.
    func picture(_ plan: Plan) -> Picture {
        let count = plan.width * plan.height
        let nearest = 0.35 * plan.camera.subjectDistance * 65_535
        let rgb = [UInt8](unsafeUninitializedCapacity: count * 3) { buffer, used in
            for i in 0..<count {
                let c = canvas.pixels[i]
                buffer[3 * i] = UInt8(clamp(c.x * 255 + 0.5, 0, 255))
                buffer[3 * i + 1] = UInt8(clamp(c.y * 255 + 0.5, 0, 255))
                buffer[3 * i + 2] = UInt8(clamp(c.z * 255 + 0.5, 0, 255))
            }
            used = count * 3
        }
        let near = [UInt16](unsafeUninitializedCapacity: count) { buffer, used in
            for i in 0..<count {
                let z = depth[i]
                buffer[i] = z == .infinity ? 0 : UInt16(clamp(nearest / z, 0, 65_535))
            }
            used = count
        }
        let share = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            for i in 0..<count { buffer[i] = UInt8(mask[i] * 255 + 0.5) }
            used = count
        }
        return Picture(
            width: plan.width, height: plan.height, rgb: rgb, depth: near, subjectMask: share,
            overlay: plan.overlay)
    }
}

extension Light {
    init(_ plan: Plan) {
        let p = plan.palette
        keyDirection = plan.keyDirection
        key = p.key
        ambientSky = p.ambient * 1.05
        let ground: Vec3 =
            switch plan.scene {
            case .desert, .coast: Vec3(0.55, 0.42, 0.3)
            case .frozenLake, .snowfield: Vec3(0.62, 0.66, 0.72)
            case .forest, .meadow, .garden: Vec3(0.22, 0.27, 0.14)
            default: Vec3(0.34, 0.34, 0.36)
            }
        ambientGround = (p.ambient + p.key * (max(0.12, plan.keyDirection.y) * 0.5)) * ground
        let behind: Float = plan.isBacklit ? 1 : plan.lighting == .high ? 0.25 : 0.5
        rim = (p.glow * 0.9 + p.key * 0.35) * (p.rim * behind)
        rimDirection = normalize(
            plan.isBacklit
                ? Vec3(plan.keyDirection.x, plan.keyDirection.y + 0.2, plan.keyDirection.z)
                : Vec3(plan.keyDirection.x, 0.4, 0.8))
        let strength: Float = [0.22, 0.30, 0.55, 0.70][plan.framing.index]
        fill = (p.horizon * 0.45 + p.ambient * 0.8) * strength
        lampGlow = Vec3(2.2, 1.4, 0.65)
        night = p.night
        wet = plan.words.isRaining ? 1 : 0
        frost = plan.scene == .frozenLake || plan.scene == .snowfield ? 0.5 : 0
    }
}
