import CreditsService
import Testing

@Suite struct PurchaseTests {
    private typealias State = PurchaseState

    /// What a purchase is after the provider was seen in each state, in the order of the columns.
    private static let columns: [PurchaseState] = [
        .created, .open, .pending, .paid, .failed, .expired, .cancelled,
    ]
    private static let table: [(PurchaseState, [PurchaseState])] = [
        (.created, [.created, .open, .pending, .paid, .failed, .expired, .cancelled]),
        (.open, [.open, .open, .pending, .paid, .failed, .expired, .cancelled]),
        (.pending, [.pending, .pending, .pending, .paid, .failed, .expired, .cancelled]),
        (.failed, [.failed, .failed, .failed, .paid, .failed, .failed, .failed]),
        (.expired, [.expired, .expired, .expired, .paid, .expired, .expired, .expired]),
        (
            .cancelled,
            [.cancelled, .cancelled, .cancelled, .paid] + [.cancelled, .cancelled, .cancelled]
        ),
        (.paid, [.paid, .paid, .paid, .paid, .paid, .paid, .paid]),
    ]

    @Test func `a purchase goes forward only, and money wins`() {
        #expect(Self.table.count == PurchaseState.allCases.count)
        for (state, row) in Self.table {
            for (seen, expected) in zip(Self.columns, row) {
                #expect(state.after(seen) == expected, "\(state) sees \(seen)")
            }
        }
        let unsettled = PurchaseState.allCases.filter(\.isUnsettled)
        #expect(unsettled == [.created, .open, .pending])
    }

    @Test func `the share of the money that went back is the share of the credits`() {
        func credits(_ units: Int64) -> CreditAmount { CreditAmount(tenThousandths: units) }
        let cases: [(Int64, Int64, Int64, Int64, Int64, TakeBack)] = [
            // credits, taken, expired, paid, returned
            (3_000_000, 0, 0, 1_500, 0, .nothing),
            (3_000_000, 0, 0, 1_500, 500, .take(credits(1_000_000))),
            (3_000_000, 1_000_000, 0, 1_500, 500, .nothing),
            (3_000_000, 1_000_000, 0, 1_500, 1_500, .take(credits(2_000_000))),
            (3_000_000, 3_000_000, 0, 1_500, 0, .giveBack(credits(3_000_000))),
            // A refund of a disputed payment is not taken twice.
            (3_000_000, 0, 0, 1_500, 3_000, .take(credits(3_000_000))),
            // A fraction stays with the user; all of the money is all of the credits.
            (10, 0, 0, 3, 1, .take(credits(3))), (10, 3, 0, 3, 3, .take(credits(7))),
            // What expired is gone already.
            (3_000_000, 0, 2_500_000, 1_500, 1_500, .take(credits(500_000))),
            (3_000_000, 500_000, 2_500_000, 1_500, 1_500, .nothing),
            (999_999_999_999, 0, 0, .max, .max, .take(credits(999_999_999_999))),
        ]
        for (all, taken, expired, paid, returned, expected) in cases {
            let found = TakeBack(
                credits: credits(all), takenBack: credits(taken), expired: credits(expired),
                paid: paid, returned: returned)
            #expect(found == expected)
        }
    }

    @Test func `a buyer's way back names the purchase`() {
        for (url, expected) in [
            ("/", "/?purchase=p"), ("/a?b=c", "/a?b=c&purchase=p"), ("/a#b", "/a?purchase=p#b"),
            ("https://a.example/x?y#z", "https://a.example/x?y&purchase=p#z"),
        ] { #expect(ReturnURL.naming("p", in: url) == expected) }
        #expect(ReturnURL.origin(of: "https://a.example:8443/x") == "https://a.example:8443")
        for url in ["https://", "ftp://a", "https://A.example", "https://u@a.example", "/x"] {
            #expect(ReturnURL.origin(of: url) == nil)
        }
    }
}
