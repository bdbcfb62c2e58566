/// A person or child: a coat or dress, limbs, a head, and the things worn and carried.
///
/// Props carry the silhouette and the face stays small: hat, scarf and hair frame it.
struct Figure {
    enum Pose { case walk, stand, dance }

    let pose: Pose
    let wears: SubjectAccessories
    let isChild: Bool
    let main: Vec3
    let hasOwnColour: Bool
    let seed: UInt64

    static func make(_ spec: SubjectSpec, seed: UInt64, finest: Float) -> Solid {
        let figure = Figure(spec, seed)
        var solid = Solid()
        solid.thinnest = finest * 0.45
        solid.furDetail = 160
        figure.build(&solid)
        return solid
    }

    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        let figure = Figure(spec, 0)
        let tall: Float = figure.isChild ? 1.16 : 1.79
        let withProps: Float =
            figure.isChild && figure.wears.contains(.balloon)
            ? 1.95 : figure.wears.contains(.umbrella) ? 2.12 : tall
        let head = figure.isChild ? Float(1.0) : 1.63
        let isTaller = withProps > tall
        return SubjectTraits(
            height: withProps, length: 0.7, headHeight: head, headForward: 0.05,
            eyeHeight: head + 0.005, eyeForward: 0.1,
            shares: isTaller ? (0.42, 0.72, 1.7, 4.1) : (0.36, 0.64, 1.5, 3.6))
    }

    init(_ spec: SubjectSpec, _ seed: UInt64) {
        isChild = spec.kind == .child
        var wears = spec.accessories
        let isDressed = wears.contains(.dress)
        if isChild {
            if wears.isEmpty { wears = [.balloon, .hat] }
        } else if wears.isEmpty {
            wears = [.hat, .scarf, .backpack]
        }
        self.wears = wears
        let poses: [Pose] = isDressed ? [.stand, .dance] : [.walk, .stand]
        pose = poses[((spec.pose % 2) + 2) % 2]
        hasOwnColour = spec.colour != nil
        main = linearColour(
            spec.colour ?? (isDressed ? 0xB0343C : isChild ? 0xD9A420 : 0x4A4438))
        self.seed = seed
    }

    private func build(_ solid: inout Solid) {
        let size: Float = isChild ? 0.62 : 1
        let outer = Frame(scale: size)
        solid.frame = outer
        if wears.contains(.dress) {
            addDress(&solid)
        } else {
            addTrousers(&solid)
            addCoat(&solid)
        }
        if wears.contains(.backpack) { addBackpack(&solid) }
        let lean: Float = pose == .walk ? 0.03 : 0
        let head = outer.moved(
            to: Vec3(0.03 + lean, 1.63, 0), Turn(heading: pose == .stand ? -0.35 : 0, pitch: -0.03),
            scale: isChild ? 1.28 : 1)
        solid.frame = head
        FigureHead(isChild: isChild, isLongHaired: wears.contains(.dress)).build(&solid)
        if wears.contains(.hat) { addHat(&solid) }
        solid.frame = outer
        if wears.contains(.scarf) { addScarf(&solid) }
        if wears.contains(.balloon) { addBalloon(&solid) }
        if wears.contains(.umbrella) { addUmbrella(&solid) }
        if wears.contains(.lantern) { addLantern(&solid) }
        if wears.contains(.luggage) { addSuitcase(&solid) }
        solid.frame = outer
    }

    // MARK: Clothes

    private func cloth(_ hex: UInt32, _ grain: Float = 330) -> Material {
        cloth(linearColour(hex), grain)
    }

    private func cloth(_ colour: Vec3, _ grain: Float = 330) -> Material {
        Material(.cloth, colour) {
            $0.grain = grain
            $0.strength = 0.8
        }
    }

    private func addTrousers(_ solid: inout Solid) {
        let trousers = solid.add(cloth(isChild ? 0x31435E : 0x2C2E36))
        let boots = solid.add(
            Material(.leather, isChild ? 0xB03A2A : 0x2E1E14) {
                $0.gloss = isChild ? 0.5 : 0.22
                $0.sharpness = 40
                $0.grain = 260
            })
        for side in [Float(1), -1] {
            let isFront = side > 0
            let hip = Vec3(-0.005, 0.9, side * 0.085)
            let knee: Vec3
            let ankle: Vec3
            let toe: Vec3
            if pose == .walk {
                knee = isFront ? Vec3(0.15, 0.515, 0.085) : Vec3(0.015, 0.485, -0.085)
                ankle = isFront ? Vec3(0.25, 0.125, 0.08) : Vec3(-0.275, 0.215, -0.085)
                toe = isFront ? Vec3(0.405, 0.085, 0.09) : Vec3(-0.19, 0.055, -0.09)
            } else {
                knee = Vec3(0.02 + side * 0.015, 0.5, side * 0.095)
                ankle = Vec3(-0.005 + side * 0.02, 0.1, side * 0.1)
                toe = ankle + Vec3(0.135, -0.058, side * 0.03)
            }
            solid.part(blend: 0.04)
            solid.material = trousers
            solid.capsule(hip, 0.095, knee, 0.066)
            solid.capsule(knee, 0.066, ankle + Vec3(0, 0.04, 0), 0.056)
            solid.part(blend: 0.03)
            solid.material = boots
            let shaft = mix(ankle, knee, isChild ? 0.5 : 0.36)
            solid.capsule(shaft, 0.064, ankle, 0.052)
            let sole = ankle + Vec3(0, -0.055, 0)
            solid.capsule(sole + Vec3(-0.02, 0.012, 0), 0.045, toe, 0.036)
            if !isFront && pose == .walk { continue }
            solid.blend = 0.008
            solid.box(
                mix(sole, toe, 0.55) + Vec3(-0.012, -0.03, 0), Vec3(0.12, 0.014, 0.048),
                round: 0.012, Turn(pitch: (toe.y - sole.y) * 1.2))
        }
    }

    private static let coatOutline = Profile(
        [
            Vec2(0, 0.49), Vec2(0.2, 0.49), Vec2(0.268, 0.5), Vec2(0.262, 0.6), Vec2(0.235, 0.82),
            Vec2(0.196, 1.02), Vec2(0.2, 1.15), Vec2(0.212, 1.3), Vec2(0.205, 1.38),
            Vec2(0.15, 1.45), Vec2(0.075, 1.49), Vec2(0.06, 1.53), Vec2(0, 1.53), Vec2(0, 1.53),
        ], bend: 3, isMirrored: true, cells: 120)
    private static let jacketOutline = Profile(
        [
            Vec2(0, 0.74), Vec2(0.17, 0.735), Vec2(0.232, 0.76), Vec2(0.235, 0.86),
            Vec2(0.206, 1.04), Vec2(0.2, 1.15), Vec2(0.212, 1.3), Vec2(0.2, 1.38),
            Vec2(0.15, 1.45), Vec2(0.075, 1.49), Vec2(0.06, 1.53), Vec2(0, 1.53), Vec2(0, 1.53),
        ], bend: 3, isMirrored: true, cells: 120)

    private func addCoat(_ solid: inout Solid) {
        let coat = solid.add(cloth(main))
        let trim = solid.add(cloth(main * 0.55))
        let lean = Turn(pitch: pose == .walk ? -0.045 : 0)
        solid.part(blend: 0.045)
        solid.material = coat
        solid.flow = Vec3(0, -1, 0)
        solid.lathe(
            isChild ? Self.jacketOutline : Self.coatOutline,
            at: Vec3(pose == .walk ? -0.035 : 0, 0, 0),
            squash: 1.5, foldDepth: isChild ? 0.012 : 0.03, foldCount: 2.6, foldsBelow: 1.0,
            foldGrowth: 2.6, foldTwist: 2.4, lean)
        solid.capsule(Vec3(0.0, 1.405, -0.15), 0.07, Vec3(0.0, 1.405, 0.15), 0.07)
        solid.ellipsoid(Vec3(-0.03, 1.3, 0), Vec3(0.12, 0.16, 0.17))
        addArms(&solid, coat, sleeve: 0.058)
        // Belt, collar and a row of buttons.
        solid.part(blend: 0.01)
        solid.material = trim
        if !isChild {
            solid.torusBelt(Vec3(0.004, 1.03, 0), 0.198, squash: 1.5)
        }
        solid.part(blend: 0.02)
        for side in [Float(1), -1] {
            solid.material = coat
            solid.ellipsoid(
                Vec3(0.045, 1.475, side * 0.068), Vec3(0.05, 0.052, 0.022),
                Turn(heading: side * 0.7, pitch: -0.3, roll: side * 0.35))
        }
        let button = solid.add(Material(.plain, 0x2A2018) { $0.gloss = 0.4 })
        solid.part()
        solid.material = button
        for row in 0..<4 {
            let y = 1.36 - Float(row) * 0.115
            solid.ball(Vec3(0.143 + (row == 0 ? 0.004 : 0), y, 0.028), 0.0125)
        }
    }

    /// Hands of both arms, side +1 first.
    var hands: [Vec3] {
        if wears.contains(.dress) {
            return pose == .dance
                ? [Vec3(0.16, 1.98, 0.3), Vec3(-0.05, 1.3, -0.72)]
                : [Vec3(0.06, 0.86, 0.26), Vec3(0.1, 0.9, -0.24)]
        }
        var right = pose == .walk ? Vec3(0.27, 0.98, -0.23) : Vec3(0.06, 0.84, -0.25)
        var left = pose == .walk ? Vec3(-0.2, 0.92, 0.27) : Vec3(0.05, 0.84, 0.25)
        if wears.contains(.balloon) { right = Vec3(0.22, 1.62, -0.26) }
        if wears.contains(.umbrella) { right = Vec3(0.24, 1.2, -0.16) }
        if wears.contains(.lantern) { left = Vec3(0.33, 1.08, 0.22) }
        return [left, right]
    }

    private func addArms(_ solid: inout Solid, _ sleeve: Int32, sleeve radius: Float) {
        let glove = solid.add(
            isChild
                ? Material(.skin, 0xD9A07E) { $0.second = linearColour(0xC98468) }
                : Material(.leather, 0x3A2A1E) { $0.gloss = 0.2 })
        for (hand, side) in zip(hands, [Float(1), -1]) {
            let shoulder = Vec3(0, 1.4, side * 0.175)
            let middle = (shoulder + hand) * 0.5
            // The elbow falls back and down by what is left of the arm's length.
            let reach = length(hand - shoulder) * 0.5
            let spare = max(0.29 * 0.29 - reach * reach, 0.0025).squareRoot()
            let elbow = middle + normalize(Vec3(-0.8, -0.35, side * 0.35)) * min(spare, 0.2)
            solid.part(blend: 0.03)
            solid.material = sleeve
            solid.flow = normalize(elbow - shoulder)
            solid.capsule(shoulder, radius * 1.22, elbow, radius * 0.98)
            solid.flow = normalize(hand - elbow)
            let cuff = mix(elbow, hand, 0.86)
            solid.capsule(elbow, radius * 0.96, cuff, radius * 0.9)
            solid.part(blend: 0.012)
            solid.material = glove
            let along = normalize(hand - elbow)
            solid.capsule(cuff, 0.036, hand + along * 0.01, 0.034)
            solid.ellipsoid(hand + along * 0.045, Vec3(0.03, 0.05, 0.026))
            solid.capsule(
                hand + Vec3(0.02, 0, 0), 0.014, hand + along * 0.05 + Vec3(0.032, 0, 0), 0.011)
        }
    }

    private static let gownOutline = Profile(
        [
            Vec2(0, 0.2), Vec2(0.3, 0.2), Vec2(0.43, 0.19), Vec2(0.43, 0.215), Vec2(0.36, 0.42),
            Vec2(0.27, 0.7), Vec2(0.185, 0.95), Vec2(0.128, 1.1), Vec2(0.135, 1.2),
            Vec2(0.158, 1.3), Vec2(0.15, 1.36), Vec2(0.1, 1.4), Vec2(0, 1.405), Vec2(0, 1.405),
        ], bend: 3, isMirrored: true, cells: 132)
    private static let twirlOutline = Profile(
        [
            Vec2(0, 0.5), Vec2(0.38, 0.48), Vec2(0.6, 0.44), Vec2(0.62, 0.46), Vec2(0.5, 0.62),
            Vec2(0.34, 0.8), Vec2(0.2, 0.98), Vec2(0.128, 1.1), Vec2(0.135, 1.2),
            Vec2(0.158, 1.3), Vec2(0.15, 1.36), Vec2(0.1, 1.4), Vec2(0, 1.405), Vec2(0, 1.405),
        ], bend: 3, isMirrored: true, cells: 132)

    private func addDress(_ solid: inout Solid) {
        let skin = solid.add(
            Material(.skin, 0xD8A583) { $0.second = linearColour(0xC98668) })
        let dress = solid.add(
            Material(.cloth, main) {
                $0.grain = 520
                $0.strength = 0.35
                $0.gloss = 0.18
                $0.sharpness = 14
                $0.through = 0.22
            })
        let shoe = solid.add(Material(.leather, main * 0.5) { $0.gloss = 0.4 })
        let isDancing = pose == .dance
        for side in [Float(1), -1] {
            let isRaised = isDancing && side > 0
            let knee = isRaised ? Vec3(0.2, 0.62, 0.12) : Vec3(0.015, 0.5, side * 0.07)
            let ankle = isRaised ? Vec3(0.02, 0.34, 0.06) : Vec3(-0.005, 0.115, side * 0.068)
            let toe = isRaised ? Vec3(0.02, 0.2, 0.04) : ankle + Vec3(0.125, -0.088, side * 0.012)
            solid.part(blend: 0.03)
            solid.material = skin
            solid.capsule(Vec3(0, 0.9, side * 0.08), 0.085, knee, 0.05)
            solid.capsule(knee, 0.05, mix(knee, ankle, 0.4) + Vec3(-0.012, 0, 0), 0.048)
            solid.capsule(mix(knee, ankle, 0.4) + Vec3(-0.012, 0, 0), 0.048, ankle, 0.03)
            solid.part(blend: 0.02)
            solid.material = shoe
            solid.capsule(ankle + Vec3(-0.012, -0.05, 0), 0.03, toe, 0.024)
            solid.capsule(ankle + Vec3(-0.03, -0.06, 0), 0.02, ankle + Vec3(-0.035, -0.1, 0), 0.014)
        }
        solid.part(blend: 0.025)
        solid.material = dress
        solid.flow = Vec3(0, -1, 0)
        solid.lathe(
            isDancing ? Self.twirlOutline : Self.gownOutline, at: Vec3(), squash: 1.28,
            foldDepth: isDancing ? 0.06 : 0.05, foldCount: 3.4, foldsBelow: 1.04, foldGrowth: 2.2,
            foldTwist: isDancing ? 3 : 1.2)
        // Sash.
        solid.part(blend: 0.01)
        solid.material = solid.add(cloth(main * 0.5))
        solid.torusBelt(Vec3(0, 1.09, 0), 0.128, squash: 1.28)
        // Shoulders and arms.
        solid.part(blend: 0.035)
        solid.material = skin
        solid.capsule(Vec3(-0.005, 1.4, -0.13), 0.048, Vec3(-0.005, 1.4, 0.13), 0.048)
        solid.capsule(Vec3(0, 1.36, 0), 0.09, Vec3(0.005, 1.44, 0), 0.05)
        for (hand, side) in zip(hands, [Float(1), -1]) {
            let shoulder = Vec3(-0.005, 1.395, side * 0.155)
            let middle = (shoulder + hand) * 0.5
            let reach = length(hand - shoulder) * 0.5
            let spare = max(0.28 * 0.28 - reach * reach, 0.001).squareRoot()
            let lift: Float = isDancing && side > 0 ? 0.6 : -0.5
            let elbow = middle + normalize(Vec3(-0.5, lift, side * 0.5)) * min(spare, 0.16)
            solid.part(blend: 0.025)
            solid.capsule(shoulder, 0.046, elbow, 0.036)
            solid.capsule(elbow, 0.036, hand, 0.025)
            let along = normalize(hand - elbow)
            solid.ellipsoid(hand + along * 0.05, Vec3(0.022, 0.05, 0.018))
            solid.capsule(hand + along * 0.06, 0.014, hand + along * 0.13, 0.007)
        }
    }
}
