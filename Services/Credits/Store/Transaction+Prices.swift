internal import Storage

extension Transaction {
    /// Stores a price list when its version is new.
    ///
    /// - Throws: ``LedgerError/pricesChanged(version:)`` when the same version has other prices, or
    ///   a later version is stored: prices that were charged by must stay as they were.
    func publish(_ list: PriceList, nowUs: Int64) throws {
        let stored = try all(LedgerSQL.prices, list.catalogue, list.catalogue) { row in
            let price = Price(
                operation: try row.text(1), model: try row.text(2),
                amount: CreditAmount(tenThousandths: try row.integer(3)),
                unit: Price.Unit(rawValue: try row.text(4)) ?? .each, label: try row.text(5))
            return (version: Int(try row.integer(0)), price: price)
        }
        if let version = stored.first?.version, version >= list.version {
            guard version == list.version, Set(stored.map(\.price)) == Set(list.prices) else {
                throw LedgerError.pricesChanged(version: version)
            }
            return
        }
        for price in list.prices {
            try run(
                LedgerSQL.insertPrice, list.version, list.catalogue, price.operation, price.model,
                price.amount.tenThousandths, price.unit.rawValue, price.label, nowUs)
        }
    }

    /// When the prices in force took effect.
    func pricesValidFromUs(catalogue: String) throws -> Int64 {
        try first(LedgerSQL.prices, catalogue, catalogue) { row in try row.integer(6) } ?? 0
    }
}
