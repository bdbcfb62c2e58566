/// Where a service gets its random bytes from, so that a failing run can be repeated by its seed.
package struct RandomSource: Sendable {
    private let next: @Sendable () -> UInt64

    private init(_ next: @escaping @Sendable () -> UInt64) {
        self.next = next
    }

    /// The kernel's generator.
    package static let system = RandomSource {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// A repeatable stream (SplitMix64). Not for secrets.
    package static func seeded(_ seed: UInt64) -> RandomSource {
        let state = Lock(seed)
        return RandomSource {
            state.withLock { state in
                state &+= 0x9E37_79B9_7F4A_7C15
                var mixed = state
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                return mixed ^ (mixed >> 31)
            }
        }
    }

    package func nextUInt64() -> UInt64 { next() }

    /// A number in 0..<1 with 53 random bits.
    package func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// `duration` times a factor in 0..<1 (full jitter).
    package func jitter(_ duration: Duration) -> Duration {
        .nanoseconds(Int64(Double(duration.nanoseconds) * unit()))
    }

    package func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            var word = next()
            for _ in 0..<min(8, count - bytes.count) {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return bytes
    }
}
