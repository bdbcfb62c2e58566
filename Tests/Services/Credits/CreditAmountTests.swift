import CreditsService
import ServiceRuntime
import Testing

@Suite struct CreditAmountTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 10_000), ("100", 1_000_000), ("0.5", 5_000), ("3120", 31_200_000),
            ("0.0001", 1), ("12.3400", 123_400), ("0.0", 0), ("99999999.9999", 999_999_999_999),
        ] as [(String, Int64)])
    func `decimal text is an exact amount`(text: String, tenThousandths: Int64) throws {
        #expect(try CreditAmount(text).tenThousandths == tenThousandths)
    }

    @Test(
        arguments: [
            ("", .malformed), (" 1", .malformed), ("1 ", .malformed), ("-1", .malformed),
            ("+1", .malformed), ("-0", .malformed), ("1e3", .malformed), ("1E3", .malformed),
            ("NaN", .malformed), ("inf", .malformed), ("0x10", .malformed), ("1.", .malformed),
            (".5", .malformed), ("01", .malformed), ("00", .malformed), ("1.2.3", .malformed),
            ("1,5", .malformed), ("1_000", .malformed), ("١", .malformed), ("1\u{0}", .malformed),
            ("0.00001", .tooPrecise), ("1.23456", .tooPrecise), ("0.00000", .tooPrecise),
            ("100000000", .overflow), ("99999999.99991", .tooPrecise),
            ("9223372036854775808", .overflow), ("99999999999999999999999999999", .overflow),
        ] as [(String, AmountError)])
    func `anything else is refused`(text: String, error: AmountError) {
        #expect(throws: error) { try CreditAmount(text) }
    }

    @Test(
        arguments: [
            (0, "0"), (1, "0.0001"), (5_000, "0.5"), (10_000, "1"), (-32_500, "-3.25"),
            (999_999_999_999, "99999999.9999"), (Int64.min, "-922337203685477.5808"),
        ] as [(Int64, String)])
    func `an amount is written without zeros that say nothing`(value: Int64, text: String) {
        #expect(CreditAmount(tenThousandths: value).description == text)
    }

    @Test func `what is written is read back`() throws {
        let random = RandomSource.seeded(7)
        for _ in 0..<10_000 {
            let amount = CreditAmount(
                tenThousandths: Int64(random.nextUInt64() % 1_000_000_000_000))
            #expect(try CreditAmount(amount.description) == amount)
        }
    }

    @Test func `sums that do not fit throw`() throws {
        let large = CreditAmount(tenThousandths: .max)
        let one = CreditAmount(tenThousandths: 1)
        #expect(throws: AmountError.overflow) { try large + one }
        #expect(throws: AmountError.overflow) {
            try CreditAmount(tenThousandths: .min) - one
        }
        #expect(throws: AmountError.overflow) { try large * 2 }
        #expect(try (one + one).tenThousandths == 2)
    }
}
