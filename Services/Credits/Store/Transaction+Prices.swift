internal import Storage

extension Transaction {
    /// Publishes each edition as a version of its own, unless the newest version of that edition
    /// has the same prices. What was published never changes.
    func publish(_ editions: [PriceEdition], creditValueU6: Int64, nowUs: Int64) throws {
        for edition in editions {
            let prices = try edition.prices(creditValueU6: creditValueU6)
            let known = try first(LedgerSQL.newestVersionOfEdition, edition.number) { row in
                (version: try row.integer(0), creditValueU6: try row.integer(1))
            }
            if let known, known.creditValueU6 == creditValueU6,
                Set(try self.prices(version: known.version)) == Set(prices)
            {
                continue
            }
            try insert(
                prices, edition: edition.number, creditValueU6: creditValueU6,
                validFromUs: max(edition.validFromUs, nowUs))
        }
    }

    private func insert(
        _ prices: [Price], edition: Int, creditValueU6: Int64, validFromUs: Int64
    ) throws {
        let last = try first(LedgerSQL.newestVersion) { row in try row.integer(0) } ?? 0
        try run(
            LedgerSQL.insertPriceVersion, last + 1, edition, creditValueU6, validFromUs)
        for price in prices {
            try run(
                LedgerSQL.insertPrice, last + 1, price.catalogue, price.operation, price.model,
                price.parameters, price.amount.tenThousandths, price.dollarsU6,
                price.cap.tenThousandths, price.unit.rawValue, price.label, validFromUs)
        }
    }

    /// Every version of the prices.
    func priceBook() throws -> PriceBook {
        let versions = try all(LedgerSQL.priceVersions) { row in
            (try row.integer(0), try row.integer(1), try row.integer(2))
        }
        return PriceBook(
            try versions.map { version, creditValueU6, validFromUs in
                PriceTable(
                    version: Int(version), validFromUs: validFromUs,
                    creditValueU6: creditValueU6, prices: try prices(version: version))
            })
    }

    private func prices(version: Int64) throws -> [Price] {
        try all(LedgerSQL.prices, version) { row in
            Price(
                catalogue: try row.text(0), operation: try row.text(1), model: try row.text(2),
                parameters: try row.text(3),
                amount: CreditAmount(tenThousandths: try row.integer(4)),
                dollarsU6: try row.integer(5),
                cap: CreditAmount(tenThousandths: try row.integer(6)),
                unit: Price.Unit(rawValue: try row.text(7)) ?? .each, label: try row.text(8))
        }
    }
}
