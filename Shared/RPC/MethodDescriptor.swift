/// A method as the .proto declares it.
package struct MethodDescriptor: Hashable, Sendable {
    /// "credits.v1.Credits/Hold".
    package let name: String
    /// Whether a second attempt has no further effect: `idempotency_level` is set.
    package let isIdempotent: Bool

    package init(name: String, isIdempotent: Bool) {
        self.name = name
        self.isIdempotent = isIdempotent
    }
}
