package import RPC
package import ServiceAPI

extension CreditsHandler {
    package func listPrices(
        _ request: CreditsAPI.ListPricesRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListPricesReply {
        try await answer {
            guard request.atUs >= 0 else {
                throw LedgerError.invalid(field: "at_us", reason: "is before 1970")
            }
            let table = store.prices(atUs: request.atUs == 0 ? nil : request.atUs)
            let catalogue = request.catalogue.isEmpty ? PriceKey.studio : request.catalogue
            let prices = table.prices.filter { catalogue == "*" || $0.catalogue == catalogue }
            guard !prices.isEmpty else {
                throw LedgerError.invalid(field: "catalogue", reason: "is unknown")
            }
            return CreditsAPI.ListPricesReply(
                version: UInt32(table.version), prices: prices.map { message($0, of: table) },
                creditValueU6: table.creditValueU6)
        }
    }

    private func message(_ price: Price, of table: PriceTable) -> CreditsAPI.Price {
        CreditsAPI.Price(
            operation: price.operation, model: price.model,
            amountU4: price.amount.tenThousandths, version: UInt32(table.version),
            validFromUs: table.validFromUs, unit: price.unit.rawValue, label: price.label,
            catalogue: price.catalogue, parameters: price.parameters,
            dollarsU6: price.dollarsU6, capU4: price.cap.tenThousandths)
    }

    package func listPacks(
        _ request: CreditsAPI.ListPacksRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListPacksReply {
        try await answer {
            var reply = CreditsAPI.ListPacksReply(
                packs: PackList.packs.map { message($0) },
                plans: PackList.plans.map { message($0) })
            if request.shortByU4 != 0 {
                let gap = try RequestChecks.amount(request.shortByU4, "short_by_u4")
                reply.suggestion = message(PackList.suggestion(for: gap))
            }
            return reply
        }
    }

    private func message(_ pack: Pack) -> CreditsAPI.Pack {
        CreditsAPI.Pack(
            id: pack.id, label: pack.label, creditsU4: pack.credits.tenThousandths,
            usdCents: UInt32(pack.usdCents), isMonthly: pack.isMonthly,
            isHighlighted: pack.isHighlighted)
    }

    func message(_ suggestion: PackSuggestion) -> CreditsAPI.Suggestion {
        CreditsAPI.Suggestion(
            pack: message(suggestion.pack), quantity: UInt32(clamping: suggestion.quantity))
    }
}
