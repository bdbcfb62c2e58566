/// A place with its own geometry.
enum SceneKind: String, CaseIterable, Hashable, Sendable {
    case frozenLake, lake, sea, coast, forest, mountains, desert, rooftops, street, room, road
    case snowfield, space, river, meadow, harbour, garden, studio, underwater

    /// Places with a roof or a backdrop: no sky is seen and no weather falls.
    var isIndoor: Bool { self == .room || self == .studio }

    /// Places whose ground at the subject is open water.
    var isOpenWater: Bool { self == .sea || self == .lake }
}
