/// What a user allows to be spent in a period.
struct Budget: Hashable, Sendable {
    /// Days and months are those of UTC; a total never begins anew.
    enum Period: String, Hashable, Sendable {
        case day, month, total
    }

    /// Percent of the budget that are told once in a period.
    static let thresholds: [Int64] = [75, 90, 100]

    var amount: CreditAmount
    var period: Period
    /// Whether a hold that would exceed it is refused.
    var isHard: Bool
    var startUs: Int64
    var endUs: Int64
    /// Holds opened by transactions up to this one do not count.
    var afterTransaction: Int64 = 0
    /// By holds opened in the period: what open ones set aside, and what the others took.
    var used = CreditAmount.zero
    /// The highest threshold that was told in this period; 0 for none.
    var reached: Int64 = 0

    /// The whole percent that are used; more than 100 when a soft budget is exceeded.
    var percent: Int64 {
        Int64(
            clamping: Int128(used.tenThousandths) * 100 / Int128(amount.tenThousandths))
    }

    /// The budget at an instant: in a later period than it was written in, nothing is used.
    func current(atUs instant: Int64) -> Budget {
        guard instant >= endUs else { return self }
        var budget = self
        (budget.startUs, budget.endUs) = Self.bounds(of: period, atUs: instant)
        budget.used = .zero
        budget.reached = 0
        return budget
    }

    /// Counts a hold. Whether a hard budget has room for it is decided where it is stored.
    ///
    /// - Returns: The threshold that it is the first to reach in this period; 0 for none.
    /// - Throws: ``LedgerError/amountOverflow``; nothing changes.
    mutating func count(_ amount: CreditAmount) throws(LedgerError) -> Int64 {
        do throws(AmountError) {
            used = try used + amount
        } catch {
            throw .amountOverflow
        }
        let percent = percent
        guard let threshold = Self.thresholds.last(where: { $0 <= percent }), threshold > reached
        else { return 0 }
        reached = threshold
        return threshold
    }

    /// The period around an instant, in microseconds since 1970: from its first to before its end.
    static func bounds(of period: Period, atUs instant: Int64) -> (start: Int64, end: Int64) {
        let dayUs: Int64 = 86_400_000_000
        let day = instant / dayUs
        switch period {
        case .total: return (instant, .max)
        case .day: return (day * dayUs, (day + 1) * dayUs)
        case .month:
            let (first, length) = month(ofDay: day)
            return (first * dayUs, (first + length) * dayUs)
        }
    }

    /// The first day of the month that a day since 1970 is in, and how many it has.
    private static func month(ofDay day: Int64) -> (first: Int64, length: Int64) {
        // Whole cycles of 400 years first, so that the walk is short.
        let cycle: Int64 = 146_097
        var first = day / cycle * cycle
        var year = 1970 + day / cycle * 400
        while true {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let yearLength: Int64 = isLeap ? 366 : 365
            guard first + yearLength <= day else {
                let lengths: [Int64] = [
                    31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
                ]
                for length in lengths {
                    if first + length > day { return (first, length) }
                    first += length
                }
                preconditionFailure("a day of the year is in none of its months")
            }
            first += yearLength
            year += 1
        }
    }
}

/// A threshold of a budget that a hold was the first to reach in its period.
struct BudgetNotice: Hashable, Sendable {
    /// 75, 90 or 100.
    var percent: Int64
    var budget: CreditAmount
}
