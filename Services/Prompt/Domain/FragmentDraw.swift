/// Which fragments a regeneration shows: two of five, drawn without replacement, never the same two
/// as the regeneration before. Repeatable by seed, so nothing has to be remembered.
struct FragmentDraw: Sendable {
    static let regenerationsMax: UInt32 = 1000

    private let key: UInt64

    init(seed: UInt64, dimension: String, option: String) {
        // FNV-1a: stable for ever, which Swift's own hashing is not.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(dimension)/\(option)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        key = hash ^ seed
    }

    /// - Parameter regeneration: 0 gives the first two.
    /// - Complexity: O(regeneration), as each draw depends on the one before.
    func fragments(of all: [String], regeneration: UInt32) -> [String] {
        let count = Composition.fullCount
        guard all.count > count else { return all }
        var indices = Array(0..<count)
        guard regeneration > 0 else { return indices.map { all[$0] } }
        var generator = SplitMix64(state: key)
        for _ in 1...regeneration {
            let before = Set(indices)
            repeat {
                indices = draw(count, of: all.count, by: &generator)
            } while Set(indices) == before
        }
        return indices.map { all[$0] }
    }

    /// Partial Fisher–Yates: only the places that are taken are shuffled.
    private func draw(_ count: Int, of total: Int, by generator: inout SplitMix64) -> [Int] {
        var places = Array(0..<total)
        for place in 0..<count {
            places.swapAt(place, place + generator.below(total - place))
        }
        return Array(places.prefix(count))
    }
}

/// A small repeatable generator with a period of 2^64.
struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in 0..<bound. Its own rule, as the library's may change between releases; the bias of
    /// a bound of five is below 2^-60.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
