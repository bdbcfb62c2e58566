/// What one unit of work costs.
package struct Price: Hashable, Sendable {
    /// What counts the unit.
    package enum Unit: String, Hashable, Sendable {
        case each, second
    }

    package var catalogue: String
    package var operation: String
    /// Empty where the price does not depend on a model.
    package var model: String
    /// What a request must name; see ``PriceParameters/satisfy(_:)``.
    package var parameters: String
    /// Of a unit; a price in dollars is rounded up here, and exactly once in a total.
    package var amount: CreditAmount
    /// Of a unit, in micro-dollars; 0 where the price is in credits.
    package var dollarsU6: Int64
    /// The most that one line costs, whatever its quantity; zero for no cap.
    package var cap: CreditAmount
    package var unit: Unit
    package var label: String

    package init(
        catalogue: String = PriceKey.studio, operation: String, model: String = "",
        parameters: String = "", amount: CreditAmount, dollarsU6: Int64 = 0,
        cap: CreditAmount = .zero, unit: Unit = .each, label: String
    ) {
        self.catalogue = catalogue
        self.operation = operation
        self.model = model
        self.parameters = parameters
        self.amount = amount
        self.dollarsU6 = dollarsU6
        self.cap = cap
        self.unit = unit
        self.label = label
    }

    /// The price of some units.
    ///
    /// - Parameter creditValueU6: What a credit is worth, in micro-dollars.
    /// - Throws: ``LedgerError/amountOverflow``.
    func total(quantity: Int64, creditValueU6: Int64) throws(LedgerError) -> CreditAmount {
        let total: CreditAmount
        if dollarsU6 > 0 {
            total = try Self.credits(
                dollarsU6: dollarsU6, quantity: quantity, creditValueU6: creditValueU6)
        } else {
            do throws(AmountError) {
                total = try amount * quantity
            } catch {
                throw .amountOverflow
            }
        }
        let capped = cap > .zero ? min(total, cap) : total
        guard capped <= .max else { throw .amountOverflow }
        return capped
    }

    /// Dollars as credits, rounded up at 1/10,000 credit once at the end.
    static func credits(
        dollarsU6: Int64, quantity: Int64, creditValueU6: Int64
    ) throws(LedgerError) -> CreditAmount {
        precondition(creditValueU6 > 0 && dollarsU6 >= 0 && quantity >= 0)
        let value = Int128(dollarsU6) * Int128(quantity) * 10_000
        let rounded = (value + Int128(creditValueU6) - 1) / Int128(creditValueU6)
        guard let tenThousandths = Int64(exactly: rounded) else { throw .amountOverflow }
        return CreditAmount(tenThousandths: tenThousandths)
    }
}

/// What a price is looked up by.
package struct PriceKey: Hashable, Sendable {
    package static let studio = "studio"

    var catalogue = PriceKey.studio
    var operation: String
    var model = ""
    var parameters = PriceParameters.none
}

/// Every price in one version. A change of any is a new version: what was charged before stays
/// explained by the version that it names.
struct PriceTable: Sendable {
    let version: Int
    /// From when on it is in force, in microseconds since 1970.
    let validFromUs: Int64
    /// What a credit is worth, in micro-dollars.
    let creditValueU6: Int64
    let prices: [Price]
    private let rows: [Name: [Price]]

    private struct Name: Hashable {
        var catalogue: String
        var operation: String
        var model: String
    }

    init(version: Int, validFromUs: Int64, creditValueU6: Int64, prices: [Price]) {
        self.version = version
        self.validFromUs = validFromUs
        self.creditValueU6 = creditValueU6
        self.prices = prices
        rows = Dictionary(grouping: prices) {
            Name(catalogue: $0.catalogue, operation: $0.operation, model: $0.model)
        }
    }

    /// The price of what is asked for.
    ///
    /// - Throws: ``LedgerError/unknownPrice(_:)``; nothing is ever free by accident.
    func price(of key: PriceKey) throws(LedgerError) -> Price {
        let name = Name(catalogue: key.catalogue, operation: key.operation, model: key.model)
        guard let price = rows[name]?.first(where: { key.parameters.satisfy($0.parameters) })
        else { throw .unknownPrice(key) }
        return price
    }

    /// Other models that do the same for less, the cheapest first; at most five.
    func alternatives(
        to key: PriceKey, quantity: Int64
    ) -> [(price: Price, amount: CreditAmount)] {
        guard !key.model.isEmpty, let own = try? amount(of: key, quantity: quantity) else {
            return []
        }
        let others = prices.filter {
            $0.catalogue == key.catalogue && $0.operation == key.operation
                && $0.model != key.model && key.parameters.satisfy($0.parameters)
        }
        return others.compactMap { price -> (price: Price, amount: CreditAmount)? in
            let amount = try? price.total(quantity: quantity, creditValueU6: creditValueU6)
            guard let amount, amount < own else { return nil }
            return (price, amount)
        }
        .sorted { ($0.amount, $0.price.model) < ($1.amount, $1.price.model) }
        .prefix(5).map { $0 }
    }

    /// The price of `quantity` units.
    func amount(of key: PriceKey, quantity: Int64) throws(LedgerError) -> CreditAmount {
        try price(of: key).total(quantity: quantity, creditValueU6: creditValueU6)
    }
}

/// All versions of the prices that were ever published.
struct PriceBook: Sendable {
    /// By the time they took effect; a later version of the same time comes later.
    private let tables: [PriceTable]

    init(_ tables: [PriceTable]) {
        self.tables = tables.sorted {
            ($0.validFromUs, $0.version) < ($1.validFromUs, $1.version)
        }
    }

    /// The prices in force at an instant: those of the last version that had taken effect.
    func inForce(atUs: Int64) -> PriceTable {
        guard let table = tables.last(where: { $0.validFromUs <= atUs }) ?? tables.first else {
            return PriceTable(version: 0, validFromUs: 0, creditValueU6: 1, prices: [])
        }
        return table
    }

    func table(version: Int) -> PriceTable? { tables.first { $0.version == version } }
}

/// Prices as the program knows them, to be published as a version of the store.
package struct PriceEdition: Sendable {
    /// Raised with each change, so that the versions of a store say where they came from.
    package var number: Int
    /// Not in force before this instant; 0 for at once.
    package var validFromUs: Int64
    package var prices: [Price]

    package init(number: Int, validFromUs: Int64 = 0, prices: [Price]) {
        self.number = number
        self.validFromUs = validFromUs
        self.prices = prices
    }

    /// The prices with what is in dollars converted.
    func prices(creditValueU6: Int64) throws(LedgerError) -> [Price] {
        var converted: [Price] = []
        for var price in prices {
            if price.dollarsU6 > 0 {
                price.amount = try Price.credits(
                    dollarsU6: price.dollarsU6, quantity: 1, creditValueU6: creditValueU6)
            }
            converted.append(price)
        }
        return converted
    }
}
