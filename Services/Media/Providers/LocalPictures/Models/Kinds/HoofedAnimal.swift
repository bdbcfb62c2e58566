/// Horse and deer: long legs on hooves, in metres of a horse.
struct HoofedAnimal {
    var size: Float = 1
    var girth: Float = 1
    var neck: Float = 1
    var legs: Float = 1
    var head: Float = 1
    var earHeight: Float = 0.17
    var hasMane = true
    var antlers = false
    var coat: Material
    var pale: Material
    var mane: Material
    var sock: Material

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        breed(spec).solid(spec.pose % 2 == 0, spec.pose, finest)
    }

    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        let isDeer = spec.kind == .deer
        let size: Float = isDeer ? 0.72 : 1
        let isGrazing = spec.pose % 2 != 0
        let head: Float = isGrazing ? 0.62 : 1.82
        let top: Float = isGrazing ? 1.62 : isDeer ? 2.72 : 2.05
        return SubjectTraits(
            height: top * size, length: 2.4 * size, headHeight: head * size,
            headForward: (isGrazing ? 1.2 : 1.03) * size, eyeHeight: (head + 0.02) * size,
            eyeForward: (isGrazing ? 1.22 : 1.08) * size,
            shares: (0.36, 0.54, 1.25, 3.5))
    }

    private static func hair(_ colour: Vec3, _ under: Vec3, grain: Float = 260) -> Material {
        Material(.coat, colour) {
            $0.second = under
            $0.grain = grain
            $0.gloss = 1
        }
    }

    private static func breed(_ spec: SubjectSpec) -> HoofedAnimal {
        if spec.kind == .deer {
            let brown = PawedAnimal.coatColour(spec, 0x8A5A30)
            let cream = mix(brown, linearColour(0xE8DCC4), 0.7)
            return HoofedAnimal(
                size: 0.72, girth: 0.82, neck: 0.74, legs: 0.7, head: 0.8, earHeight: 0.24,
                hasMane: false, antlers: true, coat: hair(brown, cream), pale: hair(cream, cream),
                mane: hair(cream, cream), sock: hair(brown * 0.6, brown * 0.6))
        }
        let bay = PawedAnimal.coatColour(spec, 0x6A3A1C)
        let isPale = luminance(bay) > 0.4
        let hair2 = isPale ? bay * 0.92 : linearColour(0x14100D)
        return HoofedAnimal(
            coat: hair(bay, bay * 0.75), pale: hair(isPale ? bay : bay * 0.8, bay * 0.7),
            mane: hair(hair2, hair2, grain: 210),
            sock: hair(isPale ? bay * 0.8 : hair2 * 1.4, hair2))
    }

    private func solid(_ isHeadHigh: Bool, _ pose: Int, _ finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        solid.frame = Frame(scale: size)
        solid.furDetail = 40 / size
        let main = solid.add(coat)
        let pale = solid.add(self.pale)
        let dark = solid.add(mane)
        let leg = solid.add(sock)
        let body = solid.frame
        addTrunk(&solid, main)
        let steps: [Float] = isHeadHigh ? [0.2, -0.16, -0.17, 0.16] : [0.06, -0.04, -0.08, 0.05]
        for (index, side) in [Float(1), -1].enumerated() {
            frontLeg(&solid, side, steps[index], isHeadHigh && index == 0, main, leg)
            hindLeg(&solid, side, steps[2 + index], main, leg)
        }
        // Neck to the poll.
        solid.blend = 0.14
        solid.material = main
        let base = Vec3(0.5, 1.36, 0)
        let poll = isHeadHigh ? Vec3(0.98, 1.86, 0) : Vec3(1.18, 0.72, 0)
        let bend = (base + poll) * 0.5 + (isHeadHigh ? Vec3(-0.02, -0.01, 0) : Vec3(0.06, 0.06, 0))
        solid.flow = normalize(base - poll)
        solid.capsule(base, 0.225 * neck, bend, 0.155 * neck)
        solid.blend = 0.08
        solid.capsule(bend, 0.155 * neck, poll, 0.1 * neck)
        if hasMane { addMane(&solid, base, bend, poll, dark) }
        addTail(&solid, dark, pale)
        solid.frame = body.moved(
            to: poll, Turn(heading: pose == 2 ? -0.5 : 0, pitch: isHeadHigh ? -0.78 : -0.95),
            scale: head)
        addHead(&solid, main, pale, dark)
        return solid
    }

    private func addTrunk(_ solid: inout Solid, _ main: Int32) {
        solid.part(blend: 0.16)
        solid.material = main
        solid.fur = hasMane ? 0.004 : 0.008
        solid.flow = Vec3(-1, -0.2, 0)
        let shoulder = Vec3(0.4, 1.23, 0)
        let middle = Vec3(-0.06, 1.2, 0)
        let hip = Vec3(-0.5, 1.27, 0)
        solid.capsule(shoulder, 0.26 * girth, middle, 0.275 * girth)
        solid.capsule(middle, 0.27 * girth, hip, 0.265 * girth)
        solid.ellipsoid(
            Vec3(0.3, 1.43, 0), Vec3(0.26, 0.11 * girth, 0.09), Turn(pitch: -0.1))
        solid.ellipsoid(Vec3(0.52, 1.2, 0), Vec3(0.19, 0.22, 0.2) * girth)
    }

    private func hoof(_ solid: inout Solid, _ ankle: Vec3, tilt: Float) {
        let dark = solid.add(Material(.rubber, 0x1C1612) { $0.gloss = 0.2 })
        solid.part(blend: 0.02)
        solid.material = dark
        solid.fur = 0
        let down = Turn(pitch: tilt)
        let frame = solid.frame
        solid.frame = frame.moved(to: ankle, down)
        solid.capsule(
            Vec3(0.025, -0.055, 0), 0.046 * legs, Vec3(0.045, -0.09, 0), 0.054 * legs)
        solid.frame = frame
    }

    private func frontLeg(
        _ solid: inout Solid, _ side: Float, _ step: Float, _ isLifted: Bool, _ main: Int32,
        _ leg: Int32
    ) {
        let z = side * 0.15 * girth
        let elbow = Vec3(0.41 + step * 0.2, 0.84, z)
        var knee = Vec3(0.42 + step * 0.6, 0.5, z)
        var fetlock = Vec3(0.41 + step, 0.145, z)
        if isLifted {
            knee = Vec3(0.62, 0.62, z)
            fetlock = Vec3(0.5, 0.3, z)
        }
        solid.part(blend: 0.12)
        solid.fur = 0.003
        solid.material = main
        solid.flow = Vec3(0, -1, 0)
        solid.capsule(Vec3(0.42, 1.14, z * 0.85), 0.15 * girth, elbow, 0.098 * girth)
        solid.blend = 0.06
        solid.capsule(elbow, 0.094 * legs, knee, 0.056 * legs)
        solid.blend = 0.03
        solid.ball(knee, 0.062 * legs)
        solid.material = leg
        solid.capsule(knee, 0.05 * legs, fetlock, 0.04 * legs)
        solid.ball(fetlock, 0.049 * legs)
        let slant = isLifted ? Vec3(-0.04, -0.06, 0) : Vec3(0.03, -0.06, 0)
        solid.capsule(fetlock, 0.044 * legs, fetlock + slant, 0.044 * legs)
        hoof(&solid, fetlock + (isLifted ? Vec3(-0.04, 0, 0) : Vec3()), tilt: isLifted ? -1 : 0)
    }

    private func hindLeg(
        _ solid: inout Solid, _ side: Float, _ step: Float, _ main: Int32, _ leg: Int32
    ) {
        let z = side * 0.155 * girth
        let stifle = Vec3(-0.4 + step * 0.3, 0.86, z)
        let hock = Vec3(-0.63 + step * 0.75, 0.53, z)
        let fetlock = Vec3(-0.6 + step, 0.145, z)
        solid.part(blend: 0.12)
        solid.fur = 0.003
        solid.material = main
        solid.flow = Vec3(-0.2, -1, 0)
        solid.capsule(Vec3(-0.5, 1.18, z * 0.8), 0.21 * girth, stifle, 0.125 * girth)
        solid.blend = 0.07
        solid.capsule(stifle, 0.118 * legs, hock, 0.056 * legs)
        solid.blend = 0.03
        solid.ball(hock, 0.062 * legs)
        solid.material = leg
        solid.capsule(hock, 0.051 * legs, fetlock, 0.041 * legs)
        solid.ball(fetlock, 0.05 * legs)
        solid.capsule(fetlock, 0.044 * legs, fetlock + Vec3(0.03, -0.06, 0), 0.044 * legs)
        hoof(&solid, fetlock, tilt: 0)
    }

    private func addMane(
        _ solid: inout Solid, _ base: Vec3, _ bend: Vec3, _ poll: Vec3, _ dark: Int32
    ) {
        solid.part(blend: 0.05)
        solid.material = dark
        solid.fur = 0.02
        let along = normalize(poll - base)
        let up = Vec3(-along.y, along.x, 0)
        for index in 0..<9 {
            let share = Float(index) / 8
            let spine =
                share < 0.5 ? mix(base, bend, share * 2) : mix(bend, poll, share * 2 - 1)
            let crest = spine + up * (0.21 - 0.1 * share) * neck
            let wave = hashUnit(index, 3) * 0.06
            solid.flow = normalize(Vec3(-0.5, -0.8, -0.4))
            solid.capsule(
                crest, 0.05, crest + Vec3(-0.1 - wave, -0.2 - wave, -0.09), 0.014)
            solid.capsule(crest, 0.045, crest + Vec3(-0.08 - wave, -0.12, 0.05), 0.012)
        }
    }

    private func addTail(_ solid: inout Solid, _ dark: Int32, _ pale: Int32) {
        solid.part(blend: 0.06)
        if hasMane {
            solid.material = dark
            solid.fur = 0.03
            solid.chain([
                (Vec3(-0.72, 1.4, 0), 0.05), (Vec3(-0.86, 1.32, 0), 0.07),
                (Vec3(-0.97, 1.08, 0.01), 0.085), (Vec3(-1.02, 0.82, 0.02), 0.075),
                (Vec3(-1.0, 0.58, 0.02), 0.045), (Vec3(-0.99, 0.44, 0.02), 0.01),
            ])
        } else {
            solid.material = pale
            solid.fur = 0.02
            solid.ellipsoid(Vec3(-0.68, 1.26, 0), Vec3(0.06, 0.15, 0.11))
            solid.chain([(Vec3(-0.72, 1.38, 0), 0.05), (Vec3(-0.8, 1.24, 0), 0.03)])
        }
    }

    private func addHead(_ solid: inout Solid, _ main: Int32, _ pale: Int32, _ dark: Int32) {
        solid.part(blend: 0.06)
        solid.fur = 0.003
        solid.material = main
        solid.flow = Vec3(1, -0.1, 0)
        solid.ellipsoid(Vec3(0.07, 0, 0), Vec3(0.17, 0.125, 0.105))
        solid.capsule(Vec3(0.06, -0.04, 0), 0.115, Vec3(0.3, -0.035, 0), 0.07)
        solid.blend = 0.045
        solid.capsule(Vec3(0.28, -0.02, 0), 0.068, Vec3(0.43, -0.04, 0), 0.068)
        solid.ellipsoid(Vec3(0.05, -0.08, 0), Vec3(0.12, 0.09, 0.062))
        solid.material =
            antlers
            ? dark
            : solid.add(
                Material(.skin, hasMane ? 0x2A201C : 0x3A2A20) {
                    $0.second = linearColour(0x1A1412)
                })
        solid.capsule(Vec3(0.45, -0.05, 0), 0.06, Vec3(0.47, -0.06, 0), 0.056)
        let nostril = solid.add(Material(.plain, 0x0C0807))
        for side in [Float(1), -1] {
            solid.part()
            solid.material = nostril
            solid.ellipsoid(
                Vec3(0.5, -0.03, side * 0.036), Vec3(0.018, 0.022, 0.013), Turn(heading: side * 0.6)
            )
            solid.ellipsoid(
                Vec3(0.11, 0.045, side * 0.088), Vec3(0.036, 0.026, 0.02),
                Turn(heading: side * -0.2))
            solid.material = solid.add(
                Material(.eye, 0x3A2010) {
                    $0.second = Vec3(repeating: 0.02)
                    $0.axis = normalize(Vec3(0.35, 0.05, side * 0.93))
                })
            solid.ellipsoid(Vec3(0.112, 0.045, side * 0.0945), Vec3(0.028, 0.022, 0.018))
            // Ears.
            solid.part(blend: 0.02)
            solid.material = main
            solid.flow = Vec3(-0.7, 0.7, 0)
            let root = Vec3(-0.06, 0.08, side * 0.07)
            let tip =
                root + (antlers ? Vec3(-0.17, 0.05, side * 0.17) : Vec3(-0.055, 0.16, side * 0.025))
            solid.capsule(root, 0.028, mix(root, tip, 0.5), 0.036)
            solid.capsule(mix(root, tip, 0.5), 0.036, tip, 0.005)
        }
        if hasMane {
            solid.part(blend: 0.03)
            solid.material = dark
            solid.fur = 0.015
            solid.flow = Vec3(0.8, -0.3, 0.1)
            solid.capsule(Vec3(-0.07, 0.12, 0), 0.045, Vec3(0.14, 0.1, 0.01), 0.02)
        }
        if antlers { addAntlers(&solid) }
    }

    private func addAntlers(_ solid: inout Solid) {
        let bone = solid.add(
            Material(.wood, 0xA8875C) {
                $0.grain = 30
                $0.gloss = 0.15
            })
        solid.fur = 0
        solid.part(blend: 0.03)
        solid.material = bone
        // The head frame is pitched down: up here means back and up in the world.
        for side in [Float(1), -1] {
            let z = { (v: Float) in v * side }
            solid.chain([
                (Vec3(-0.03, 0.1, z(0.05)), 0.034), (Vec3(-0.2, 0.24, z(0.18)), 0.028),
                (Vec3(-0.42, 0.3, z(0.36)), 0.026), (Vec3(-0.68, 0.42, z(0.44)), 0.024),
                (Vec3(-0.86, 0.62, z(0.36)), 0.012), (Vec3(-0.92, 0.72, z(0.3)), 0.006),
            ])
            solid.chain([
                (Vec3(-0.08, 0.15, z(0.08)), 0.024), (Vec3(0.04, 0.3, z(0.14)), 0.017),
                (Vec3(0.04, 0.42, z(0.16)), 0.006),
            ])
            solid.chain([
                (Vec3(-0.36, 0.28, z(0.32)), 0.022), (Vec3(-0.3, 0.48, z(0.36)), 0.016),
                (Vec3(-0.32, 0.62, z(0.36)), 0.006),
            ])
            solid.chain([
                (Vec3(-0.6, 0.38, z(0.42)), 0.021), (Vec3(-0.6, 0.58, z(0.46)), 0.014),
                (Vec3(-0.64, 0.7, z(0.46)), 0.006),
            ])
            solid.chain([
                (Vec3(-0.74, 0.48, z(0.42)), 0.018), (Vec3(-0.92, 0.5, z(0.5)), 0.012),
                (Vec3(-1.02, 0.56, z(0.52)), 0.005),
            ])
        }
    }
}
