extension SubjectModel {
    /// What the composer must know of a subject.
    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        switch spec.kind {
        default: return PawedAnimal.traits(spec)
        }
    }

    /// The primitives of a subject.
    static func solid(_ spec: SubjectSpec, seed: UInt64, finest: Float) -> Solid {
        switch spec.kind {
        default: return PawedAnimal.make(spec, finest: finest)
        }
    }

    /// How far, in shares of the height, surfaces shade one another.
    var openReach: Float { 0.07 }
}
