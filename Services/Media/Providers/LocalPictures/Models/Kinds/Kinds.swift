extension SubjectModel {
    /// What the composer must know of a subject.
    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        switch spec.kind {
        case .person, .child: return Figure.traits(spec)
        case .horse, .deer: return HoofedAnimal.traits(spec)
        case .car: return Car.traits
        case .bird: return Bird.traits(spec)
        case .boat: return Boat.traits(spec)
        case .bicycle: return Bicycle.traits
        case .train: return Train.traits
        case .lighthouse: return Lighthouse.traits(spec)
        case .robot: return Robot.traits
        case .astronaut: return Astronaut.traits
        case .diver: return Diver.traits(spec)
        case .bag, .bottle, .shoe, .cup, .watch, .chair, .lamp, .book:
            return Products.traits(spec)
        case .fox, .wolf, .dog, .cat, .bear: return PawedAnimal.traits(spec)
        }
    }

    /// The primitives of a subject.
    static func solid(_ spec: SubjectSpec, seed: UInt64, finest: Float) -> Solid {
        switch spec.kind {
        case .person, .child: return Figure.make(spec, seed: seed, finest: finest)
        case .horse, .deer: return HoofedAnimal.make(spec, finest: finest)
        case .car: return Car.make(spec, finest: finest)
        case .bird: return Bird.make(spec, finest: finest)
        case .boat: return Boat.make(spec, finest: finest)
        case .bicycle: return Bicycle.make(spec, finest: finest)
        case .train: return Train.make(spec, finest: finest)
        case .lighthouse: return Lighthouse.make(spec, seed: seed, finest: finest)
        case .robot: return Robot.make(spec, finest: finest)
        case .astronaut: return Astronaut.make(spec, finest: finest)
        case .diver: return Diver.make(spec, finest: finest)
        case .bag, .bottle, .shoe, .cup, .watch, .chair, .lamp, .book:
            return Products.make(spec, finest: finest)
        case .fox, .wolf, .dog, .cat, .bear: return PawedAnimal.make(spec, finest: finest)
        }
    }

    /// How far, in shares of the height, surfaces shade one another.
    var openReach: Float { 0.07 }
}
