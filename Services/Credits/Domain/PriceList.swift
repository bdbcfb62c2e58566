/// What one unit of work costs.
struct Price: Hashable, Sendable {
    /// What counts the unit.
    enum Unit: String, Hashable, Sendable {
        case each, second
    }

    var operation: String
    /// Empty where the price does not depend on a model.
    var model = ""
    var amount: CreditAmount
    var unit = Unit.each
    var label: String
}

/// The prices of one catalogue in one version. A change of any price is a new version: what was
/// charged before stays explained by the version that it names.
struct PriceList: Hashable, Sendable {
    var version: Int
    var catalogue: String
    var prices: [Price]

    /// The price of an operation.
    ///
    /// - Throws: ``LedgerError/unknownPrice(operation:model:)``; nothing is ever free by accident.
    func price(of operation: String, model: String) throws(LedgerError) -> Price {
        guard let price = prices.first(where: { $0.operation == operation && $0.model == model })
        else { throw .unknownPrice(operation: operation, model: model) }
        return price
    }

    /// The price of `quantity` units.
    func amount(
        of operation: String, model: String, quantity: Int64
    ) throws(LedgerError) -> CreditAmount {
        let price = try price(of: operation, model: model)
        do throws(AmountError) {
            let amount = try price.amount * quantity
            guard amount <= .max else { throw AmountError.overflow }
            return amount
        } catch {
            throw .amountOverflow
        }
    }
}

extension PriceList {
    /// The prices of the studio. Raise `version` with each change; the service refuses to start when
    /// the stored list of the same version differs.
    static let studio = PriceList(
        version: 1, catalogue: "studio",
        prices: [
            Price(operation: "image.preview", amount: .init(credits: 1), label: "Preview image"),
            Price(operation: "image.regenerate", amount: .init(credits: 1), label: "New image"),
            Price(operation: "depth", amount: .init(credits: 1), label: "Depth map"),
            Price(operation: "video.preview", amount: .init(credits: 5), label: "Motion preview"),
            Price(operation: "storyboard", amount: .init(credits: 4), label: "Storyboard"),
            Price(operation: "video.draft", amount: .init(credits: 5), label: "Draft video"),
            image("local", 1, "Local picture"),
            image("flux-kontext", 4, "Flux Kontext"),
            final("local-parallax", 5, "Local parallax"),
            final("wan-2.2", 15, "Wan 2.2"),
            final("wan-2.5", 15, "Wan 2.5"),
            final("veo-3", 30, "Veo 3"),
            final("kling-v2.1", 35, "Kling 2.1"),
            final("luma-ray-3", 40, "Luma Ray 3"),
            final("runway-gen4", 50, "Runway Gen-4"),
            final("sora-2", 80, "Sora 2"),
        ])

    private static func image(_ model: String, _ credits: Int64, _ label: String) -> Price {
        Price(operation: "image", model: model, amount: .init(credits: credits), label: label)
    }

    private static func final(_ model: String, _ credits: Int64, _ label: String) -> Price {
        Price(
            operation: "video.final", model: model, amount: .init(credits: credits), label: label)
    }
}
