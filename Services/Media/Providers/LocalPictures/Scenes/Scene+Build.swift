extension Stage {
    /// Draws everything but the subject.
    func build(_ trace: SubjectTrace) {
        switch plan.scene {
        case .frozenLake, .lake: buildLake(trace)
        case .sea: buildSea(trace)
        case .coast: buildCoast(trace)
        case .forest: buildForest(trace)
        case .mountains: buildMountains(trace)
        case .desert: buildDesert(trace)
        case .rooftops: buildRooftops(trace)
        case .street: buildStreet(trace)
        case .room: buildRoom(trace)
        case .road: buildRoad(trace)
        case .snowfield: buildSnowfield(trace)
        case .space: buildSpace(trace)
        case .river: buildRiver(trace)
        case .meadow: buildMeadow(trace)
        case .harbour: buildHarbour(trace)
        case .garden: buildGarden(trace)
        case .studio: buildStudio(trace)
        case .underwater: buildUnderwater(trace)
        }
    }

    /// Half the width that the frame shows at a depth, in metres.
    func halfWidth(at z: Float) -> Float { z * Float(width) / (2 * camera.focal) }

    /// Side of the picture away from the subject: -1 left, 1 right.
    var freeSide: Float { plan.subjectX > 0.5 ? -1 : 1 }

    /// A number that depends on the picture's layout, 0..<1.
    func layout(_ salt: Int) -> Float {
        hashUnit(salt, 77, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
    }
}
