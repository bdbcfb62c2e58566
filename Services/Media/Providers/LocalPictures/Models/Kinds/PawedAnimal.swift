/// Fox, wolf, dog, cat and bear: one skeleton with other measures, in metres of a fox.
struct PawedAnimal {
    enum Ear { case cup, flop, round }
    enum Pose { case walk, sit, stand }

    var size: Float = 1
    var chest: Float = 0.104
    var waist: Float = 0.088
    var rump: Float = 0.098
    /// Height of the trunk above the legs of a fox, and thickness of the legs.
    var lift: Float = 0
    var legs: Float = 1
    var neck: Float = 0.086
    var neckLength: Float = 1
    var skull = Vec3(0.088, 0.076, 0.08)
    var muzzleLength: Float = 0.145
    var muzzleRoot: Float = 0.046
    var muzzleTip: Float = 0.02
    var muzzleDrop: Float = 0.036
    var nose: Float = 0.0145
    var cheek: Float = 0.05
    var ear = Ear.cup
    var earHeight: Float = 0.125
    /// Width of a cupped ear in shares of the usual, or half the width of another, in metres.
    var earWidth: Float = 1
    var earOut: Float = 0.6
    var earApart: Float = 0.052
    var eye: Float = 0.0155
    /// How far the eyes stand out, in shares of a fox's.
    var eyeOut: Float = 1
    var noseTone: UInt32 = 0x17130F
    var lid: Float = 1.3
    var fur: Float = 0.009
    /// Tail from root to tip, with radii.
    var tail: [(Vec3, Float)] = []
    var tailFur: Float = 0.02
    var tailTip = 2

    var coat = Material(.coat, 0xB8541A)
    var legCoat: Material?
    var paleCoat = Material(.coat, 0xE9DCC6)
    var tailTipCoat: Material?
    var earBack: Material?
    var iris: UInt32 = 0xB8741C
    var isSlitEye = false

    func solid(_ pose: Pose, headTurn: Float, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        solid.frame = Frame(scale: size)
        solid.furDetail = 62 / size
        let main = solid.add(coat)
        let pale = solid.add(paleCoat)
        let leg = solid.add(legCoat ?? coat)
        let tip = solid.add(tailTipCoat ?? coat)
        let back = solid.add(earBack ?? coat)
        let body = solid.frame
        solid.part(blend: 0.06)
        solid.fur = fur
        solid.material = main
        let head: Frame
        switch pose {
        case .walk, .stand:
            head = standing(&solid, main, pale, leg, isWalking: pose == .walk, headTurn)
        case .sit:
            head = sitting(&solid, main, pale, leg, headTurn)
        }
        solid.frame = body
        addTail(&solid, main, tip, isSitting: pose == .sit)
        solid.frame = head
        addHead(&solid, main, pale, back)
        return solid
    }

    private func standing(
        _ solid: inout Solid, _ main: Int32, _ pale: Int32, _ leg: Int32, isWalking: Bool,
        _ headTurn: Float
    ) -> Frame {
        let up = Vec3(0, lift, 0)
        let shoulder = Vec3(0.155, 0.335, 0) + up
        let middle = Vec3(-0.03, 0.345, 0) + up
        let hip = Vec3(-0.205, 0.348, 0) + up
        solid.flow = Vec3(-1, -0.15, 0)
        solid.capsule(shoulder, chest, middle, waist)
        solid.capsule(middle, waist, hip, rump)
        solid.ellipsoid(
            shoulder + Vec3(0.035, -0.03, 0), Vec3(chest * 0.9, chest * 1.08, chest * 0.8))
        // Neck, with a pale bib under it.
        let nape = shoulder + Vec3(0.035, 0.045, 0)
        let top = nape + Vec3(0.115, 0.105, 0) * neckLength
        solid.flow = Vec3(-0.8, -0.6, 0)
        solid.capsule(nape, neck * 1.12, top, neck * 0.86)
        solid.material = pale
        solid.flow = Vec3(-0.45, -0.9, 0)
        solid.capsule(
            shoulder + Vec3(0.092, -0.035, 0), chest * 0.56, top + Vec3(0.035, -0.045, 0),
            neck * 0.62)
        solid.material = main
        let stride: [Float] =
            isWalking ? [0.075, -0.075, -0.08, 0.07] : [0.012, -0.01, -0.02, 0.02]
        for (index, side) in [Float(1), -1].enumerated() {
            frontLeg(&solid, shoulder, side, stride[index], isWalking && index == 1, main, leg)
            hindLeg(&solid, hip, side, stride[2 + index], main, leg)
        }
        return Frame(
            origin: solid.frame.point(top + Vec3(0.052, 0.04, 0)), scale: solid.frame.scale
        ).moved(to: Vec3(), Turn(heading: headTurn, pitch: -0.06))
    }

    private func frontLeg(
        _ solid: inout Solid, _ shoulder: Vec3, _ side: Float, _ step: Float, _ isLifted: Bool,
        _ main: Int32, _ leg: Int32
    ) {
        let z = side * chest * 0.56
        let ground = shoulder.y - 0.055
        let elbow = Vec3(shoulder.x - 0.005 + step * 0.25, ground * 0.66, z)
        var wrist = Vec3(shoulder.x + 0.012 + step * 0.8, ground * 0.3, z)
        var paw = Vec3(shoulder.x + 0.012 + step, 0.019, z)
        if isLifted {
            wrist.x += 0.06
            wrist.y += 0.035
            paw.x += 0.022
            paw.y += 0.05
        }
        solid.material = main
        solid.blend = 0.05
        solid.flow = Vec3(0, -1, 0)
        solid.capsule(
            Vec3(shoulder.x, shoulder.y - 0.05, z * 0.95), 0.062 * legs, elbow, 0.036 * legs)
        solid.material = leg
        solid.fur = fur * 0.45
        solid.blend = 0.03
        solid.capsule(elbow, 0.035 * legs, wrist, 0.0235 * legs)
        solid.blend = 0.018
        solid.capsule(wrist, 0.0225 * legs, paw + Vec3(0, 0.006, 0), 0.021 * legs)
        solid.ellipsoid(
            paw + Vec3(0.018, -0.001, 0), Vec3(0.034, 0.0195, 0.024) * legs,
            Turn(pitch: isLifted ? -0.7 : 0))
        solid.fur = fur
    }

    private func hindLeg(
        _ solid: inout Solid, _ hip: Vec3, _ side: Float, _ step: Float, _ main: Int32,
        _ leg: Int32
    ) {
        let z = side * rump * 0.6
        let ground = hip.y - 0.05
        let knee = Vec3(hip.x + 0.052 + step * 0.35, ground * 0.66, z)
        let hock = Vec3(hip.x - 0.055 + step * 0.75, ground * 0.36, z)
        let paw = Vec3(hip.x - 0.026 + step, 0.019, z)
        solid.material = main
        solid.blend = 0.05
        solid.flow = Vec3(-0.3, -1, 0)
        solid.capsule(Vec3(hip.x + 0.008, hip.y - 0.04, z * 0.85), 0.076 * legs, knee, 0.046 * legs)
        solid.material = leg
        solid.fur = fur * 0.45
        solid.blend = 0.03
        solid.capsule(knee, 0.043 * legs, hock, 0.0225 * legs)
        solid.blend = 0.018
        solid.capsule(hock, 0.0225 * legs, paw + Vec3(0, 0.008, 0), 0.0205 * legs)
        solid.ellipsoid(paw + Vec3(0.02, -0.001, 0), Vec3(0.034, 0.0195, 0.023) * legs)
        solid.fur = fur
    }

    private func sitting(
        _ solid: inout Solid, _ main: Int32, _ pale: Int32, _ leg: Int32, _ headTurn: Float
    ) -> Frame {
        let rise = lift * 0.8
        let hip = Vec3(-0.115, 0.118, 0)
        let middle = Vec3(-0.03, 0.225 + rise * 0.5, 0)
        let shoulder = Vec3(0.062, 0.335 + rise, 0)
        solid.flow = Vec3(-0.5, -0.85, 0)
        solid.capsule(hip, rump * 1.12, middle, waist * 1.12)
        solid.capsule(middle, waist * 1.12, shoulder, chest * 0.92)
        solid.ellipsoid(
            shoulder + Vec3(0.025, -0.045, 0), Vec3(chest * 0.86, chest * 1.15, chest * 0.84))
        let nape = shoulder + Vec3(0.012, 0.055, 0)
        let top = nape + Vec3(0.06, 0.125, 0) * neckLength
        solid.capsule(nape, neck * 1.1, top, neck * 0.85)
        solid.material = pale
        solid.flow = Vec3(0, -1, 0)
        solid.capsule(
            shoulder + Vec3(0.066, -0.07, 0), chest * 0.56, top + Vec3(0.045, -0.035, 0),
            neck * 0.6)
        for side in [Float(1), -1] {
            let z = side * chest * 0.5
            solid.material = main
            solid.blend = 0.05
            solid.flow = Vec3(0, -1, 0)
            solid.capsule(
                Vec3(shoulder.x + 0.012, shoulder.y - 0.08, z), 0.056 * legs,
                Vec3(shoulder.x + 0.02, 0.17, z), 0.034 * legs)
            solid.material = leg
            solid.fur = fur * 0.45
            solid.blend = 0.025
            solid.capsule(
                Vec3(shoulder.x + 0.02, 0.17, z), 0.033 * legs,
                Vec3(shoulder.x + 0.026, 0.03, z), 0.0225 * legs)
            solid.ellipsoid(
                Vec3(shoulder.x + 0.046, 0.019, z), Vec3(0.036, 0.0195, 0.025) * legs)
            // Haunch and the foot before it.
            solid.material = main
            solid.fur = fur
            solid.blend = 0.05
            solid.flow = Vec3(-0.7, -0.7, 0)
            solid.ellipsoid(
                Vec3(-0.062, 0.12, side * rump * 0.82), Vec3(0.105, 0.088, 0.05) * legs,
                Turn(pitch: 0.45))
            solid.material = leg
            solid.fur = fur * 0.45
            solid.blend = 0.02
            solid.capsule(
                Vec3(-0.07, 0.024, side * rump * 1.02), 0.025 * legs,
                Vec3(0.028, 0.019, side * rump * 1.02), 0.021 * legs)
            solid.fur = fur
        }
        return Frame(
            origin: solid.frame.point(top + Vec3(0.045, 0.04, 0)), scale: solid.frame.scale
        ).moved(to: Vec3(), Turn(heading: headTurn, pitch: -0.1))
    }

    private func addTail(_ solid: inout Solid, _ main: Int32, _ tip: Int32, isSitting: Bool) {
        solid.blend = 0.045
        solid.fur = tailFur
        // A short tail is under an animal that sits.
        if isSitting && tail.count <= 2 { return }
        var knots = tail.map { ($0.0 + Vec3(0, lift, 0), $0.1) }
        if isSitting, tail.count > 2 {
            // Laid round the haunches on the ground.
            let count = Float(tail.count - 1)
            knots = tail.enumerated().map { index, knot in
                let share = Float(index) / count
                let angle = 3.4 + share * 2.5
                let ring = 0.175 + 0.01 * share
                return (
                    Vec3(-0.06 + cosine(angle) * ring, knot.1 + 0.008, -sine(angle) * ring),
                    knot.1 * 0.86
                )
            }
        }
        for index in 0..<max(knots.count - 1, 0) {
            solid.material = index >= knots.count - 1 - tailTip && tailTip > 0 ? tip : main
            solid.flow = normalize(knots[index + 1].0 - knots[index].0)
            solid.capsule(knots[index].0, knots[index].1, knots[index + 1].0, knots[index + 1].1)
        }
    }

    private func addHead(_ solid: inout Solid, _ main: Int32, _ pale: Int32, _ back: Int32) {
        solid.fur = fur * 0.4
        solid.material = main
        solid.flow = Vec3(-1, -0.1, 0)
        solid.blend = 0.045
        solid.ellipsoid(Vec3(), skull)
        let bridge = Vec3(skull.x * 0.5, -0.014, 0)
        let snout = Vec3(skull.x * 0.5 + muzzleLength, -0.014 - muzzleDrop, 0)
        solid.blend = 0.035
        solid.capsule(bridge, muzzleRoot, snout, muzzleTip)
        // Pale lower jaw and cheeks.
        solid.material = pale
        solid.blend = 0.016
        solid.flow = Vec3(-0.9, -0.4, 0)
        solid.capsule(
            bridge + Vec3(-0.012, -0.026, 0), muzzleRoot * 0.86,
            snout + Vec3(-0.016, -0.009, 0), muzzleTip * 0.9)
        for side in [Float(1), -1] {
            solid.blend = 0.03
            solid.flow = Vec3(-0.8, -0.3, side * 0.5)
            solid.ellipsoid(
                Vec3(-0.02, -0.042, side * cheek * 0.9),
                Vec3(cheek * 1.15, cheek * 0.7, cheek * 0.6), Turn(heading: side * 0.5, pitch: 0.3))
            solid.capsule(
                Vec3(0.02, -0.045, side * cheek * 0.62), cheek * 0.5,
                Vec3(0.09, -0.05, side * cheek * 0.3), cheek * 0.36)
        }
        addEars(&solid, main, back, pale)
        addFace(&solid, snout)
    }

    /// An ear of height 1 on a base of 0.7.
    private static let leaf = Profile(
        [
            Vec2(-0.36, -0.2), Vec2(-0.4, 0.12), Vec2(-0.3, 0.5), Vec2(-0.1, 0.92), Vec2(0, 1),
            Vec2(0.1, 0.92), Vec2(0.3, 0.5), Vec2(0.4, 0.12), Vec2(0.36, -0.2),
        ], bend: 3, cells: 48)

    private func addEars(
        _ solid: inout Solid, _ main: Int32, _ back: Int32, _ pale: Int32
    ) {
        for side in [Float(1), -1] {
            solid.flow = Vec3(-0.2, 1, 0)
            switch ear {
            case .cup:
                // A leaf hollowed from the front, turned outward.
                let base = Vec3(-skull.x * 0.28, skull.y * 0.6, side * earApart)
                let outer = solid.frame
                solid.frame = outer.moved(
                    to: base, Turn(heading: 0.5 * pi + side * earOut),
                    scale: earHeight
                ).moved(to: Vec3(), Turn(pitch: side * 0.14, roll: 0.1))
                solid.part(blend: 0.05)
                solid.material = back
                solid.fur = 0
                solid.extrude(
                    Self.leaf, half: 0.19, round: 0.16,
                    within: solid.frame)
                solid.material = pale
                solid.blend = 0.03
                solid.cut {
                    $0.ellipsoid(
                        Vec3(0, 0.36, -0.24), Vec3(0.27 * earWidth, 0.5, 0.27))
                }
                solid.frame = outer
            case .flop:
                let base = Vec3(-skull.x * 0.25, skull.y * 0.72, side * skull.z * 0.72)
                solid.material = back
                solid.blend = 0.02
                solid.flow = Vec3(0, -1, 0)
                let mid = base + Vec3(0.012, 0.006, side * 0.03)
                solid.capsule(base, 0.022, mid, 0.02)
                solid.ellipsoid(
                    mid + Vec3(0.004, -earHeight * 0.46, side * 0.012),
                    Vec3(earWidth, earHeight * 0.56, 0.011),
                    Turn(heading: side * 0.15, roll: side * 0.1))
            case .round:
                let base = Vec3(-skull.x * 0.25, skull.y * 0.86, side * earApart)
                solid.material = back
                solid.blend = 0.015
                solid.ellipsoid(base + Vec3(0, 0.012, 0), Vec3(0.014, earHeight, earWidth))
                solid.material = pale
                solid.ellipsoid(
                    base + Vec3(0.008, 0.012, 0), Vec3(0.009, earHeight * 0.65, earWidth * 0.65))
            }
        }
    }

    private func addFace(_ solid: inout Solid, _ snout: Vec3) {
        solid.fur = 0
        solid.part(blend: 0.006)
        solid.material = solid.add(
            Material(.leather, noseTone) {
                $0.gloss = 0.35
                $0.sharpness = 30
                $0.grain = 700
            })
        let end = snout + Vec3(muzzleTip * 0.86, muzzleTip * 0.34, 0)
        solid.ellipsoid(end, Vec3(nose * 0.95, nose * 0.82, nose * 1.15))
        for side in [Float(1), -1] {
            let place = Vec3(skull.x * 0.6, skull.y * 0.17, side * skull.z * 0.66) * eyeOut
            let gaze = normalize(Vec3(0.6, 0.06, side * 0.8))
            solid.part(blend: 0.004)
            // Dark lids drawn out to the nose leave an almond; the ball stands in it.
            solid.material = solid.add(Material(.plain, 0x0B0705))
            solid.ellipsoid(
                place - gaze * (eye * 0.2) + Vec3(eye * 0.12, -eye * 0.05, 0),
                Vec3(eye * lid, eye * 0.93, eye * 0.9),
                Turn(heading: side * 2.2, pitch: side * 0.22))
            solid.part(blend: 0.002)
            solid.material = solid.add(
                Material(.eye, iris) {
                    $0.second = Vec3(repeating: 0.02)
                    $0.axis = gaze
                    $0.strength = isSlitEye ? 1 : 0
                })
            solid.ellipsoid(place, Vec3(eye * 0.94, eye * 0.84, eye * 0.94))
        }
    }
}
