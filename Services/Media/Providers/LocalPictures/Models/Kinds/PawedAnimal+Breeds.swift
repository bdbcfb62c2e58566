extension PawedAnimal {
    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        let animal = breed(spec)
        let poses: [(Pose, Float)] = [(.walk, 0), (.sit, 0.25), (.stand, -0.75), (.sit, -0.6)]
        let (pose, turn) = poses[((spec.pose % 4) + 4) % 4]
        return animal.solid(pose, headTurn: turn, finest: finest)
    }

    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        let animal = breed(spec)
        let isSitting = spec.pose % 2 != 0
        let size = animal.size
        let stretch = animal.neckLength - 1
        let headHeight =
            isSitting
            ? 0.555 + animal.lift * 0.8 + stretch * 0.125 : 0.525 + animal.lift + stretch * 0.105
        let headForward =
            isSitting ? 0.18 + stretch * 0.06 : 0.357 + stretch * 0.115
        let top = animal.skull.y * 0.7 + (animal.ear == .flop ? 0.03 : animal.earHeight * 0.9)
        return SubjectTraits(
            height: (headHeight + top) * size, length: (isSitting ? 0.6 : 0.95) * size,
            headHeight: headHeight * size, headForward: (headForward + 0.03) * size,
            eyeHeight: (headHeight + 0.008) * size,
            eyeForward: (headForward + animal.skull.x * 0.6) * size,
            shares: (0.25, 0.5, isSitting ? 1.2 : 1.0, 2.2))
    }

    private static func hair(
        _ colour: Vec3, under: Vec3, grain: Float = 420,
        _ change: (inout Material) -> Void = { _ in }
    ) -> Material {
        Material(.coat, colour) {
            $0.second = under
            $0.grain = grain
            $0.gloss = 0.5
            change(&$0)
        }
    }

    /// The colour named for an animal; a plain red means ginger when it is said of hair.
    static func coatColour(_ spec: SubjectSpec, _ usual: UInt32) -> Vec3 {
        guard let named = spec.colour.map(linearColour) else { return linearColour(usual) }
        let isRed = named.x > named.y * 2.5 && named.x > named.z * 2.5
        return isRed ? mix(named, linearColour(0xC0581A), 0.85) : named
    }

    private static func breed(_ spec: SubjectSpec) -> PawedAnimal {
        switch spec.kind {
        case .wolf: return wolf(spec)
        case .dog: return dog(spec)
        case .cat: return cat(spec)
        case .bear: return bear(spec)
        default: return fox(spec)
        }
    }

    private static func fox(_ spec: SubjectSpec) -> PawedAnimal {
        var fox = PawedAnimal()
        let red = coatColour(spec, 0xC0581A)
        let cream = linearColour(0xF0E6D4)
        let sock = linearColour(0x2A1A14)
        fox.coat = hair(red, under: mix(red, cream, 0.3))
        fox.paleCoat = hair(cream, under: cream * 0.9)
        fox.legCoat = hair(sock, under: sock)
        fox.tailTipCoat = hair(cream, under: cream)
        fox.earBack = hair(sock * 0.8, under: sock)
        fox.lift = 0.035
        fox.legs = 0.9
        fox.chest = 0.098
        fox.waist = 0.082
        fox.rump = 0.092
        fox.tail = [
            (Vec3(-0.26, 0.36, 0), 0.05), (Vec3(-0.36, 0.315, 0.01), 0.07),
            (Vec3(-0.47, 0.26, 0.02), 0.088), (Vec3(-0.58, 0.225, 0.02), 0.08),
            (Vec3(-0.66, 0.22, 0.01), 0.05), (Vec3(-0.725, 0.235, 0), 0.012),
        ]
        return fox
    }

    private static func wolf(_ spec: SubjectSpec) -> PawedAnimal {
        var wolf = PawedAnimal()
        let grey = coatColour(spec, 0x6A6862)
        let pale = mix(grey, linearColour(0xE6E0D4), 0.7)
        wolf.size = 1.25
        wolf.lift = 0.085
        wolf.legs = 1.05
        wolf.chest = 0.118
        wolf.waist = 0.092
        wolf.rump = 0.1
        wolf.neck = 0.105
        wolf.neckLength = 0.72
        wolf.skull = Vec3(0.094, 0.08, 0.088)
        wolf.muzzleRoot = 0.054
        wolf.muzzleTip = 0.03
        wolf.muzzleLength = 0.14
        wolf.muzzleDrop = 0.03
        wolf.nose = 0.019
        wolf.cheek = 0.056
        wolf.earHeight = 0.095
        wolf.fur = 0.016
        wolf.coat = hair(grey, under: pale) {
            $0.third = grey * 0.3
            $0.grain = 380
        }
        wolf.paleCoat = hair(pale, under: pale)
        wolf.legCoat = hair(mix(grey, pale, 0.6), under: pale)
        wolf.earBack = hair(grey * 0.5, under: grey * 0.5)
        wolf.tailTipCoat = hair(grey * 0.35, under: grey * 0.4)
        wolf.tailTip = 1
        wolf.iris = 0xD8A030
        wolf.eye = 0.0145
        wolf.tail = [
            (Vec3(-0.27, 0.345, 0), 0.045), (Vec3(-0.34, 0.28, 0.01), 0.056),
            (Vec3(-0.385, 0.19, 0.015), 0.06), (Vec3(-0.4, 0.1, 0.02), 0.048),
            (Vec3(-0.41, 0.03, 0.02), 0.014),
        ]
        return wolf
    }

    private static func dog(_ spec: SubjectSpec) -> PawedAnimal {
        var dog = PawedAnimal()
        let gold = coatColour(spec, 0xB98344)
        let pale = mix(gold, linearColour(0xF2E4C8), 0.55)
        dog.size = 1.08
        dog.lift = 0.05
        dog.legs = 1.12
        dog.chest = 0.116
        dog.waist = 0.1
        dog.rump = 0.102
        dog.neck = 0.096
        dog.neckLength = 0.86
        dog.skull = Vec3(0.092, 0.088, 0.088)
        dog.muzzleRoot = 0.056
        dog.muzzleTip = 0.038
        dog.muzzleLength = 0.118
        dog.muzzleDrop = 0.028
        dog.nose = 0.022
        dog.cheek = 0.05
        dog.ear = .flop
        dog.earHeight = 0.12
        dog.earWidth = 0.05
        dog.fur = 0.012
        dog.eye = 0.016
        dog.iris = 0x6A3A14
        dog.coat = hair(gold, under: pale, grain: 330)
        dog.paleCoat = hair(pale, under: pale, grain: 330)
        dog.legCoat = hair(mix(gold, pale, 0.5), under: pale, grain: 330)
        dog.earBack = hair(gold * 0.62, under: gold * 0.62, grain: 330)
        dog.tailTip = 0
        dog.tail = [
            (Vec3(-0.26, 0.37, 0), 0.036), (Vec3(-0.35, 0.43, 0), 0.04),
            (Vec3(-0.42, 0.52, 0.01), 0.042), (Vec3(-0.44, 0.6, 0.02), 0.034),
            (Vec3(-0.41, 0.66, 0.02), 0.012),
        ]
        return dog
    }

    private static func cat(_ spec: SubjectSpec) -> PawedAnimal {
        var cat = PawedAnimal()
        let base = coatColour(spec, 0x8A7A66)
        let isDark = luminance(base) < 0.03
        let pale = isDark ? base * 1.3 : mix(base, linearColour(0xF0EAE0), 0.65)
        cat.size = 0.72
        cat.lift = -0.02
        cat.legs = 0.92
        cat.chest = 0.086
        cat.waist = 0.086
        cat.rump = 0.09
        cat.neck = 0.072
        cat.neckLength = 0.72
        cat.skull = Vec3(0.086, 0.08, 0.09)
        cat.muzzleRoot = 0.046
        cat.muzzleTip = 0.028
        cat.muzzleLength = 0.042
        cat.muzzleDrop = 0.026
        cat.nose = 0.0105
        cat.cheek = 0.052
        cat.earHeight = 0.092
        cat.earApart = 0.056
        cat.earOut = 0.45
        cat.fur = 0.006
        cat.eye = 0.0235
        cat.iris = isDark ? 0xD8B82A : 0x8FB04A
        cat.isSlitEye = true
        cat.lid = 1.08
        cat.noseTone = isDark ? 0x1A1414 : 0xB86A5C
        cat.coat = hair(base, under: pale, grain: 480) {
            $0.third = base * 0.22
            $0.strength = spec.colour == nil ? 0.85 : 0.12
            $0.axis = Vec3(15, 3, 0)
        }
        cat.paleCoat = hair(pale, under: pale, grain: 480)
        cat.legCoat = cat.coat
        cat.earBack = hair(base * 0.8, under: base, grain: 480)
        cat.tailFur = 0.008
        cat.tailTip = 1
        cat.tailTipCoat = hair(base * 0.4, under: base * 0.4, grain: 480)
        cat.tail = [
            (Vec3(-0.27, 0.37, 0), 0.03), (Vec3(-0.36, 0.42, 0), 0.028),
            (Vec3(-0.4, 0.52, 0.01), 0.027), (Vec3(-0.385, 0.62, 0.02), 0.026),
            (Vec3(-0.41, 0.71, 0.02), 0.024), (Vec3(-0.47, 0.75, 0.02), 0.018),
        ]
        return cat
    }

    private static func bear(_ spec: SubjectSpec) -> PawedAnimal {
        var bear = PawedAnimal()
        let brown = coatColour(spec, 0x54341E)
        let tan = mix(brown, linearColour(0xB89468), 0.5)
        bear.size = 2
        bear.lift = 0.02
        bear.legs = 1.85
        bear.chest = 0.165
        bear.waist = 0.165
        bear.rump = 0.16
        bear.neck = 0.135
        bear.neckLength = 0.62
        bear.skull = Vec3(0.108, 0.1, 0.104)
        bear.muzzleRoot = 0.06
        bear.muzzleTip = 0.04
        bear.muzzleLength = 0.1
        bear.muzzleDrop = 0.035
        bear.nose = 0.024
        bear.cheek = 0.066
        bear.ear = .round
        bear.earHeight = 0.034
        bear.earWidth = 0.032
        bear.earApart = 0.075
        bear.fur = 0.016
        bear.eye = 0.0125
        bear.eyeOut = 1.09
        bear.iris = 0x3A2010
        bear.coat = hair(brown, under: brown * 0.7, grain: 300)
        bear.paleCoat = hair(mix(brown, tan, 0.04), under: brown, grain: 300)
        bear.legCoat = hair(brown * 0.6, under: brown * 0.5, grain: 300)
        bear.tailTip = 0
        bear.tail = [(Vec3(-0.33, 0.37, 0), 0.04), (Vec3(-0.37, 0.34, 0), 0.03)]
        return bear
    }
}
