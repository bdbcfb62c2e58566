/// An amount of credits, in whole 1/10,000 credit. Never a floating-point number; sums that do not
/// fit throw instead of wrapping.
package struct CreditAmount: Hashable, Comparable, Sendable {
    package let tenThousandths: Int64

    package init(tenThousandths: Int64) {
        self.tenThousandths = tenThousandths
    }

    /// Whole credits; only for constants that fit.
    package init(credits: Int64) {
        tenThousandths = credits * 10_000
    }

    package static let zero = CreditAmount(tenThousandths: 0)

    /// The most that one amount may be: 99,999,999.9999 credits.
    package static let max = CreditAmount(tenThousandths: 999_999_999_999)

    package static func < (left: CreditAmount, right: CreditAmount) -> Bool {
        left.tenThousandths < right.tenThousandths
    }

    package static func + (left: CreditAmount, right: CreditAmount) throws(AmountError)
        -> CreditAmount
    {
        let sum = left.tenThousandths.addingReportingOverflow(right.tenThousandths)
        guard !sum.overflow else { throw .overflow }
        return CreditAmount(tenThousandths: sum.partialValue)
    }

    package static func - (left: CreditAmount, right: CreditAmount) throws(AmountError)
        -> CreditAmount
    {
        let difference = left.tenThousandths.subtractingReportingOverflow(right.tenThousandths)
        guard !difference.overflow else { throw .overflow }
        return CreditAmount(tenThousandths: difference.partialValue)
    }

    package static func * (left: CreditAmount, right: Int64) throws(AmountError) -> CreditAmount {
        let product = left.tenThousandths.multipliedReportingOverflow(by: right)
        guard !product.overflow else { throw .overflow }
        return CreditAmount(tenThousandths: product.partialValue)
    }

    /// The mistake that ``Mutant/amountsThroughDouble`` plants.
    var throughDouble: CreditAmount {
        let credits = Double(tenThousandths) / 10_000
        return CreditAmount(tenThousandths: Int64(credits * 10_000))
    }
}

/// Why a number is not an amount of credits.
package enum AmountError: Error, Hashable {
    /// Not a plain decimal number: signs, exponents, spaces and leading zeros are refused.
    case malformed
    /// More than four digits after the point.
    case tooPrecise
    /// More than ``CreditAmount/max``, or a sum that does not fit.
    case overflow
}

extension CreditAmount: CustomStringConvertible {
    /// Reads "12", "0.5" or "99999999.9999".
    package init(_ text: String) throws(AmountError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { throw .malformed }
        let whole = parts[0]
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else {
            throw .malformed
        }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || !fraction.isEmpty else { throw .malformed }
        let padding = [UInt8](repeating: UInt8(ascii: "0"), count: Swift.max(0, 4 - fraction.count))
        var value: Int64 = 0
        for digit in Array(whole) + fraction + padding {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw .malformed }
            // Larger values stay above the limit, whatever follows, and cannot wrap.
            value = Swift.min(value, Self.max.tenThousandths + 1) * 10 + Int64(digit - 0x30)
        }
        guard fraction.count <= 4 else { throw .tooPrecise }
        guard value <= Self.max.tenThousandths else { throw .overflow }
        tenThousandths = value
    }

    /// A plain decimal number: "12", "0.5", "-3.25".
    package var description: String {
        let magnitude = tenThousandths.magnitude
        let sign = tenThousandths < 0 ? "-" : ""
        let rest = magnitude % 10_000
        guard rest != 0 else { return "\(sign)\(magnitude / 10_000)" }
        var digits = String(rest)
        digits = String(repeating: "0", count: 4 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)\(magnitude / 10_000).\(digits)"
    }
}
