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
        let headHeight = isSitting ? 0.555 + animal.lift * 0.8 : 0.525 + animal.lift
        return SubjectTraits(
            height: (headHeight + animal.earHeight + 0.04) * size, length: 0.95 * size,
            headHeight: headHeight * size, headForward: (isSitting ? 0.2 : 0.37) * size,
            eyeHeight: (headHeight + 0.012) * size,
            eyeForward: (isSitting ? 0.26 : 0.43) * size,
            shares: (0.25, 0.5, 1.0, 2.2))
    }

    private static func hair(
        _ hex: UInt32, under: UInt32, grain: Float = 420, _ change: (inout Material) -> Void = { _ in }
    ) -> Material {
        Material(.coat, hex) {
            $0.second = linearColour(under)
            $0.grain = grain
            $0.gloss = 0.5
            change(&$0)
        }
    }

    private static func breed(_ spec: SubjectSpec) -> PawedAnimal {
        switch spec.kind {
        default: return fox(spec)
        }
    }

    private static func fox(_ spec: SubjectSpec) -> PawedAnimal {
        var fox = PawedAnimal()
        fox.coat = hair(spec.colour ?? 0xC0581A, under: 0xD98A4A)
        fox.paleCoat = hair(0xF0E6D4, under: 0xE8DCC8)
        fox.legCoat = hair(0x2A1A14, under: 0x2A1A14)
        fox.tailTipCoat = hair(0xF2EADC, under: 0xF2EADC)
        fox.earBack = hair(0x221814, under: 0x221814)
        fox.tail = [
            (Vec3(-0.26, 0.36, 0), 0.05), (Vec3(-0.36, 0.315, 0.01), 0.07),
            (Vec3(-0.47, 0.26, 0.02), 0.088), (Vec3(-0.58, 0.225, 0.02), 0.08),
            (Vec3(-0.66, 0.22, 0.01), 0.05), (Vec3(-0.725, 0.235, 0), 0.012),
        ]
        return fox
    }
}
