/// A turn of a primitive's own axes: about y (heading), then z (pitch up), then x (roll); radians.
struct Turn {
    var heading: Float = 0
    var pitch: Float = 0
    var roll: Float = 0

    /// The primitive's own axes in model space.
    var axes: (x: Vec3, y: Vec3, z: Vec3) {
        let (sh, ch) = (sine(heading), cosine(heading))
        let (sp, cp) = (sine(pitch), cosine(pitch))
        let (sr, cr) = (sine(roll), cosine(roll))
        let forward = Vec3(ch * cp, sp, sh * cp)
        let up = Vec3(-ch * sp, cp, -sh * sp)
        let side = Vec3(-sh, 0, ch)
        return (forward, up * cr + side * sr, side * cr - up * sr)
    }
}

/// Axes in which primitives are placed: a head, a wheel, or a whole animal of another size.
struct Frame {
    var origin = Vec3()
    var x = Vec3(1, 0, 0)
    var y = Vec3(0, 1, 0)
    var z = Vec3(0, 0, 1)
    /// Metres per unit of length.
    var scale: Float = 1

    func vector(_ v: Vec3) -> Vec3 { x * v.x + y * v.y + z * v.z }
    func point(_ p: Vec3) -> Vec3 { origin + vector(p) * scale }

    /// A frame within this one.
    func moved(to p: Vec3, _ turn: Turn = Turn(), scale change: Float = 1) -> Frame {
        let axes = turn.axes
        return Frame(
            origin: point(p), x: vector(axes.x), y: vector(axes.y), z: vector(axes.z),
            scale: scale * change)
    }

    func axes(_ turn: Turn) -> (x: Vec3, y: Vec3, z: Vec3) {
        let axes = turn.axes
        return (vector(axes.x), vector(axes.y), vector(axes.z))
    }
}

/// A model as primitives and materials, built up part by part.
struct Solid {
    private(set) var primitives: [Primitive] = []
    private(set) var materials: [Material] = []
    private var slots: [ProfileSlot] = []
    private var tables: [SIMD4<Float>] = []
    private var group: Int32 = 0

    /// Join width, material, fur height and lie of hair of the primitives added next.
    var blend: Float = 0.001
    var material: Int32 = 0
    var fur: Float = 0
    var flow = Vec3(-1, 0, 0)
    /// Where the primitives added next are placed.
    var frame = Frame()
    /// Strands per metre of furry outlines.
    var furDetail: Float = 60
    /// Smallest radius worth drawing: thinner stays and whiskers are drawn this thick.
    var thinnest: Float = 0

    /// Starts a part: nothing blends with, or is cut from, earlier parts.
    mutating func part(blend: Float = 0.001) {
        group += 1
        self.blend = blend
    }

    mutating func add(_ material: Material) -> Int32 {
        materials.append(material)
        return Int32(materials.count - 1)
    }

    mutating func use(_ profile: Profile) -> Int32 {
        slots.append(
            ProfileSlot(
                left: profile.left, bottom: profile.bottom, cell: profile.cell,
                cellsPerMetre: 1 / profile.cell, columnMax: Float(profile.columns) - 1.001,
                rowMax: Float(profile.rows) - 1.001, cellsPerRow: Float(profile.columns - 1),
                first: tables.count))
        tables += profile.corners
        return Int32(slots.count - 1)
    }

    mutating func capsule(_ a: Vec3, _ ra: Float, _ b: Vec3, _ rb: Float) {
        let (ra, rb) = (max(ra * frame.scale, thinnest), max(rb * frame.scale, thinnest))
        let (a, b) = (frame.point(a), frame.point(b))
        let axis = b - a
        var one = Primitive(
            shape: .capsule, origin: a, extent: axis, boundA: a, boundB: b,
            boundRadius: max(ra, rb))
        one.radius = ra
        one.slope = rb - ra
        one.scale = 1 / max(dot(axis, axis), 1e-9)
        append(one)
    }

    /// Capsules through several points with a radius each.
    mutating func chain(_ knots: [(Vec3, Float)]) {
        for (from, to) in zip(knots, knots.dropFirst()) {
            flow = normalize(to.0 - from.0)
            capsule(from.0, from.1, to.0, to.1)
        }
    }

    mutating func ball(_ centre: Vec3, _ radius: Float) {
        capsule(centre, radius, centre, radius)
    }

    mutating func ellipsoid(_ centre: Vec3, _ radii: Vec3, _ turn: Turn = Turn()) {
        let axes = frame.axes(turn)
        let centre = frame.point(centre)
        let radii = pointwiseMax(radii * frame.scale, Vec3(repeating: thinnest))
        var along = axes.x * radii.x
        var across = max(radii.y, radii.z)
        if radii.y > radii.x, radii.y >= radii.z {
            along = axes.y * radii.y
            across = max(radii.x, radii.z)
        } else if radii.z > radii.x {
            along = axes.z * radii.z
            across = max(radii.x, radii.y)
        }
        let inset = max(0, 1 - across / max(length(along), 1e-6))
        var one = Primitive(
            shape: .ellipsoid, origin: centre, extent: 1 / radii, boundA: centre - along * inset,
            boundB: centre + along * inset, boundRadius: across)
        set(&one, axes)
        append(one)
    }

    mutating func box(
        _ centre: Vec3, _ half: Vec3, round: Float = 0.005, _ turn: Turn = Turn()
    ) {
        let centre = frame.point(centre)
        let half = half * frame.scale
        var one = Primitive(
            shape: .box, origin: centre, extent: half, boundA: centre, boundB: centre,
            boundRadius: length(half))
        let axes = frame.axes(turn)
        set(&one, axes)
        one.radius = round * frame.scale
        bound(&one, centre, axes, low: -half, high: half)
        append(one)
    }

    /// A side outline (x, y) given depth: flat, or by a plan outline (x, |z|) and a front
    /// outline (|z|, y).
    mutating func extrude(
        _ side: Profile, at origin: Vec3 = Vec3(), half: Float = 0, plan: Profile? = nil,
        front: Profile? = nil, round: Float = 0.01, lean: Float = 0, leanFrom: Float = 0,
        within inner: Frame? = nil, _ turn: Turn = Turn()
    ) {
        let outer = frame
        frame = inner ?? frame
        defer { frame = outer }
        let origin = frame.point(origin)
        var one = Primitive(
            shape: .extrusion, origin: origin, extent: Vec3(0, 0, half), boundA: origin,
            boundB: origin, boundRadius: 0)
        let axes = frame.axes(turn)
        set(&one, axes)
        one.radius = round
        one.slope = lean
        one.scale = leanFrom
        one.unit = frame.scale
        one.side = use(side)
        if let plan { one.plan = use(plan) }
        if let front { one.front = use(front) }
        let high = side.high
        let depth = plan.map { $0.high.y } ?? half
        bound(
            &one, origin, axes, low: Vec3(side.low.x, side.low.y, -depth) * frame.scale,
            high: Vec3(high.x, high.y, depth) * frame.scale)
        append(one)
    }

    /// An outline (radius, y) turned about y. `squash` above 1 makes it that much thinner along x.
    mutating func lathe(
        _ outline: Profile, at origin: Vec3, squash: Float = 1, foldDepth: Float = 0,
        foldCount: Float = 8, foldsBelow: Float = 0, foldGrowth: Float = 4, foldTwist: Float = 1,
        _ turn: Turn = Turn()
    ) {
        let origin = frame.point(origin)
        var one = Primitive(
            shape: .lathe, origin: origin, extent: Vec3(squash, 1, 1), boundA: origin,
            boundB: origin, boundRadius: 0)
        let axes = frame.axes(turn)
        set(&one, axes)
        one.unit = frame.scale
        one.side = use(outline)
        one.foldDepth = foldDepth
        one.foldCount = foldCount
        one.scale = foldsBelow
        one.slope = foldGrowth
        one.radius = foldTwist
        let reach = outline.high.x + foldDepth
        bound(
            &one, origin, axes,
            low: Vec3(-reach / squash, outline.low.y - foldDepth, -reach) * frame.scale,
            high: Vec3(reach / squash, outline.high.y + foldDepth, reach) * frame.scale)
        append(one)
    }

    /// A ring about the turned y axis.
    mutating func torus(_ centre: Vec3, ring: Float, tube: Float, _ turn: Turn = Turn()) {
        let centre = frame.point(centre)
        let ring = ring * frame.scale
        let tube = max(tube * frame.scale, thinnest)
        var one = Primitive(
            shape: .torus, origin: centre, extent: Vec3(), boundA: centre, boundB: centre,
            boundRadius: ring + tube)
        set(&one, frame.axes(turn))
        one.radius = ring
        one.slope = tube
        append(one)
    }

    /// Turns the primitives that `body` adds into cuts.
    mutating func cut(_ body: (inout Solid) -> Void) {
        let first = primitives.count
        body(&self)
        for index in first..<primitives.count { primitives[index].isCut = true }
    }

    private mutating func append(_ one: Primitive) {
        var one = one
        one.group = group
        one.material = material
        one.blend = max(blend * frame.scale, 1e-5)
        one.fur = fur * frame.scale
        one.flow = normalize(frame.vector(flow))
        one.boundRadius += one.fur + one.blend * 0.6
        one.boundAxis = one.boundB - one.boundA
        one.boundScale = 1 / max(dot(one.boundAxis, one.boundAxis), 1e-12)
        primitives.append(one)
    }

    private func set(_ one: inout Primitive, _ axes: (x: Vec3, y: Vec3, z: Vec3)) {
        one.rowX = axes.x
        one.rowY = axes.y
        one.rowZ = axes.z
    }

    /// Bounds a turned box by a segment along its longest side.
    private func bound(
        _ one: inout Primitive, _ origin: Vec3, _ axes: (x: Vec3, y: Vec3, z: Vec3), low: Vec3,
        high: Vec3
    ) {
        let middle = (low + high) * 0.5
        let half = (high - low) * 0.5
        let centre = origin + axes.x * middle.x + axes.y * middle.y + axes.z * middle.z
        var along = axes.x * half.x
        var across = (half.y * half.y + half.z * half.z).squareRoot()
        if half.y > half.x, half.y >= half.z {
            along = axes.y * half.y
            across = (half.x * half.x + half.z * half.z).squareRoot()
        } else if half.z > half.x {
            along = axes.z * half.z
            across = (half.x * half.x + half.y * half.y).squareRoot()
        }
        one.boundA = centre - along
        one.boundB = centre + along
        one.boundRadius = across
    }

    /// Lends the distance field of this solid to `body`.
    func withField<Result>(_ body: (Field) -> Result) -> Result {
        primitives.withUnsafeBufferPointer { primitives in
            slots.withUnsafeBufferPointer { slots in
                tables.withUnsafeBufferPointer { tables in
                    // An empty array has no address; a solid without profiles never reads these.
                    let noSlots = UnsafePointer<ProfileSlot>(bitPattern: 16)
                    let noTables = UnsafePointer<SIMD4<Float>>(bitPattern: 16)
                    guard let first = primitives.baseAddress,
                        let slots = slots.baseAddress ?? noSlots,
                        let tables = tables.baseAddress ?? noTables
                    else { preconditionFailure("a solid has at least one primitive") }
                    return body(
                        Field(
                            primitives: first, slots: slots, tables: tables, furDetail: furDetail))
                }
            }
        }
    }
}
