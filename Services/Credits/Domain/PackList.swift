/// Credits that are sold together, once or each month.
struct Pack: Hashable, Sendable {
    var id: String
    var label: String
    var credits: CreditAmount
    var usdCents: Int64
    var isMonthly = false
    var isHighlighted = false
}

/// What would cover a gap.
struct PackSuggestion: Hashable, Sendable {
    var pack: Pack
    var quantity: Int64
}

/// What is on sale.
enum PackList {
    /// The smallest first.
    static let packs = [
        Pack(id: "starter", label: "Starter Pack", credits: .init(credits: 300), usdCents: 1_500),
        Pack(id: "booster", label: "Booster", credits: .init(credits: 600), usdCents: 2_800),
        Pack(id: "pro", label: "Pro", credits: .init(credits: 1_200), usdCents: 5_200),
        Pack(id: "studio", label: "Studio", credits: .init(credits: 3_000), usdCents: 12_000),
    ]

    static let plans = [
        Pack(
            id: "explorer", label: "Explorer", credits: .init(credits: 500), usdCents: 1_900,
            isMonthly: true),
        Pack(
            id: "creator", label: "Creator", credits: .init(credits: 1_800), usdCents: 5_900,
            isMonthly: true, isHighlighted: true),
        Pack(
            id: "agency", label: "Agency", credits: .init(credits: 6_000), usdCents: 17_900,
            isMonthly: true),
    ]

    /// The smallest pack that covers a gap; when none does, so many of the largest.
    ///
    /// - Parameter gap: More than zero.
    static func suggestion(for gap: CreditAmount) -> PackSuggestion {
        precondition(gap > .zero)
        if let pack = packs.first(where: { $0.credits >= gap }) {
            return PackSuggestion(pack: pack, quantity: 1)
        }
        let largest = packs[packs.count - 1]
        let size = largest.credits.tenThousandths
        let (whole, rest) = gap.tenThousandths.quotientAndRemainder(dividingBy: size)
        return PackSuggestion(pack: largest, quantity: whole + (rest > 0 ? 1 : 0))
    }
}
