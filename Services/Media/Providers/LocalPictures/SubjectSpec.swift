/// What stands in the picture.
enum SubjectKind: String, CaseIterable, Hashable, Sendable {
    case person, child, astronaut, diver, fox, wolf, dog, cat, horse, deer, bear, bird
    case car, bicycle, boat, train, lighthouse, robot
    case bag, bottle, shoe, cup, watch, chair, lamp, book
}

/// Things worn or carried; a model draws those that it can.
struct SubjectAccessories: OptionSet, Hashable, Sendable {
    let rawValue: UInt32
    static let hat = SubjectAccessories(rawValue: 1)
    static let scarf = SubjectAccessories(rawValue: 2)
    static let backpack = SubjectAccessories(rawValue: 4)
    static let umbrella = SubjectAccessories(rawValue: 8)
    static let lantern = SubjectAccessories(rawValue: 16)
    static let luggage = SubjectAccessories(rawValue: 32)
    static let balloon = SubjectAccessories(rawValue: 64)
    static let dress = SubjectAccessories(rawValue: 128)
}

/// A subject as the intent's words describe it.
struct SubjectSpec: Hashable, Sendable {
    var kind: SubjectKind
    /// Colour named in the intent ("red car"), #RRGGBB; nil: the model's own colours.
    var colour: UInt32?
    var accessories: SubjectAccessories = []
    /// Picks among the model's poses or patterns (0 is the best one).
    var pose = 0
}

/// What the composer must know of a model; metres.
struct SubjectTraits {
    /// Height and greatest length (along the model's own forward axis).
    var height: Float
    var length: Float
    /// Height of the head (what a close-up aims at) and of the eye (an extreme close-up), and how
    /// far they are from the contact point along the model's forward axis.
    var headHeight: Float
    var headForward: Float
    var eyeHeight: Float
    var eyeForward: Float
    /// Wanted share of the frame height: wide, medium, close-up, extreme close-up.
    var shares: (wide: Float, medium: Float, closeUp: Float, extreme: Float)
    /// True for what floats: it is drawn a little below the water line.
    var floats = false
    /// True for small things that stand on a table or plinth in a studio or a room.
    var isProduct = false
}
