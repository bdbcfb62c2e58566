internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The checkout page of the `local` payment provider. Whoever knows its token may pay or cancel: the
/// token is the buyer's, unguessable, and of no use once the checkout is settled.
struct SandboxRoutes: Sendable {
    private static let formType = "application/x-www-form-urlencoded"

    let tools: RouteTools

    private var payments: PaymentsAPI.Client { tools.backends.payments }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/checkout/{token}", operationID: "getSandboxCheckout",
                summary: "The checkout page of the sandbox: no money moves.", tag: "Pages",
                access: .open, answers: [200: .html, 404: .html]
            ) { context in try await show(context) },
            Route(
                method: "POST", template: "/checkout/{token}",
                operationID: "settleSandboxCheckout",
                summary: "Pay or cancel a checkout of the sandbox, as its page does.",
                tag: "Pages", access: .open, rate: .write,
                body: .raw(types: [Self.formType], limitBytes: 1_024),
                answers: [303: .empty, 404: .html, 410: .html]
            ) { context in try await settle(context) },
            Route(
                method: "GET", template: "/checkout.css", operationID: "getCheckoutStyle",
                summary: "The style of the checkout page.", tag: "Pages", access: .open,
                rate: .free, answers: [200: .bytes(["text/css"])]
            ) { _ in
                HTTPResponse(
                    status: 200,
                    headers: [
                        "Content-Type": "text/css; charset=utf-8",
                        "Cache-Control": "public, max-age=3600",
                    ], body: .bytes(Array(CheckoutPage.style.utf8)))
            },
        ]
    }

    private func show(_ context: RequestContext) async throws -> HTTPResponse {
        do throws(RPCError) {
            let token = try token(context)
            let checkout = try await payments.getSandboxCheckout(
                .init(token: token), context.call())
            return page(200, CheckoutPage.checkout(checkout, token: token), checkout)
        } catch {
            guard error.domainCode == "CHECKOUT_NOT_FOUND" else { throw error }
            return page(404, CheckoutPage.unknown)
        }
    }

    private func settle(_ context: RequestContext) async throws -> HTTPResponse {
        let type = context.request.headers["Content-Type"]?.prefix { $0 != ";" }.trimmed ?? ""
        guard type.isEqualIgnoringCase(Self.formType) else {
            throw Problem(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be a form.")
        }
        let isPaid: Bool
        switch String(decoding: context.request.body, as: UTF8.self) {
        case "action=pay": isPaid = true
        case "action=cancel": isPaid = false
        default:
            throw Problem.validation([
                FieldFault(field: "action", code: "choice", detail: "It is pay or cancel.")
            ])
        }
        do throws(RPCError) {
            let token = try token(context)
            let request = PaymentsAPI.SandboxCheckoutRequest(token: token)
            let checkout =
                isPaid
                ? try await payments.paySandboxCheckout(request, context.call())
                : try await payments.cancelSandboxCheckout(request, context.call())
            let back = isPaid ? checkout.successURL : checkout.cancelURL
            return HTTPResponse(
                status: 303, headers: ["Location": back.isEmpty ? "/checkout/\(token)" : back])
        } catch {
            switch error.domainCode {
            case "CHECKOUT_NOT_FOUND": return page(404, CheckoutPage.unknown)
            case "CHECKOUT_EXPIRED": return page(410, CheckoutPage.over)
            default: throw error
            }
        }
    }

    private func token(_ context: RequestContext) throws(RPCError) -> String {
        let token = context.parameters[0]
        guard (32...64).contains(token.utf8.count),
            token.utf8.allSatisfy({ (0x2D...0x7A).contains($0) })
        else { throw RPCError(.notFound, "CHECKOUT_NOT_FOUND", "There is no such checkout.") }
        return token
    }

    private func page(
        _ status: Int, _ html: String, _ checkout: PaymentsAPI.SandboxCheckout? = nil
    ) -> HTTPResponse {
        // A browser applies form-action to where the answer of the form leads as well.
        var targets = "'self'"
        for url in [checkout?.successURL ?? "", checkout?.cancelURL ?? ""]
        where url.hasPrefix("http") {
            let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            if parts.count >= 3 {
                targets += " \(parts[0])//\(parts[2].prefix { !"?#".contains($0) })"
            }
        }
        return HTTPResponse(
            status: status,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                "Content-Security-Policy":
                    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; "
                    + "base-uri 'none'; form-action \(targets)",
                "Referrer-Policy": "no-referrer",
            ], body: .bytes(Array(html.utf8)))
    }
}
