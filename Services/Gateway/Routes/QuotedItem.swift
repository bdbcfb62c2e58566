internal import ServiceAPI

/// What a quote is asked for: a row of the price list, or a choice in a session.
enum QuotedItem: Sendable {
    /// A choice as its command would name it.
    struct Choice: Sendable {
        var sessionID: String
        var dimension: String
        /// Empty for the camera, whose moves are offered together.
        var optionID: String
    }

    /// An item as credits knows it.
    struct Priced: Sendable {
        var item: CreditsAPI.QuoteItem
        /// Other choices of the same dimension that would be free, because of what was made before.
        var cachedOptions: [SessionAPI.Option] = []
    }

    /// Something else that would do, for less.
    struct Alternative: Sendable {
        var model = ""
        var optionID = ""
        var label: String
        var amountU4: Int64
        /// cheaper, cached.
        var reason: String
    }

    static let camera = "camera_motion"
    /// What may be asked about; only what follows them is made.
    static let dimensions = ConvergenceRoutes.dimensions + [camera]

    case price(CreditsAPI.QuoteItem)
    case choice(Choice)

    init(_ fields: inout FieldReader) {
        guard let session = fields.optionalIdentifier("sessionId") else {
            self = .price(Self.price(&fields))
            return
        }
        let dimension = fields.choice("dimension", Self.dimensions)
        let option = fields.optionalIdentifier("optionId")
        if option == nil, dimension != Self.camera {
            fields.report("optionId", "required", "The choice is needed.")
        }
        self = .choice(
            Choice(sessionID: session, dimension: dimension, optionID: option ?? ""))
    }

    /// A price by its catalogue, operation, model and parameters.
    static func price(_ fields: inout FieldReader) -> CreditsAPI.QuoteItem {
        CreditsAPI.QuoteItem(
            operation: fields.identifier("operation"),
            model: fields.optionalIdentifier("model") ?? "",
            quantity: UInt32(fields.optionalInteger("quantity", in: 1...1000) ?? 1),
            catalogue: fields.optionalIdentifier("catalogue") ?? "",
            parameters: fields.optionalIdentifier("parameters") ?? "")
    }

    /// What is free comes first.
    static func alternatives(
        to pair: (line: CreditsAPI.QuoteLine, wish: Priced)
    ) -> [Alternative] {
        pair.wish.cachedOptions.map {
            Alternative(optionID: $0.id, label: $0.label, amountU4: 0, reason: "cached")
        }
            + pair.line.alternatives.map {
                Alternative(
                    model: $0.model, label: $0.label, amountU4: $0.amountU4, reason: "cheaper")
            }
    }
}
