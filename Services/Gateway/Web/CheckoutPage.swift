internal import ServiceAPI
internal import ServiceRuntime

/// The checkout page of the sandbox. It says at the top, and again beside the button, that no money
/// moves; it has no script.
enum CheckoutPage {
    static func checkout(_ checkout: PaymentsAPI.SandboxCheckout, token: String) -> String {
        guard let purchase = checkout.purchase else { return unknown }
        switch purchase.state {
        case .paid:
            return frame(
                "Paid", "good",
                "<p>\(CreditText.number(purchase.creditsU4)) credits are in your account.</p>"
                    + back(checkout.successURL))
        case .cancelled:
            return frame("Cancelled", "", "<p>Nothing was bought.</p>" + back(checkout.cancelURL))
        case .expired, .failed: return over
        case .unspecified, .created, .open, .pending, .unrecognized:
            return open(purchase, checkout, token)
        }
    }

    static let unknown = frame("No such checkout", "", "<p>This link leads to no checkout.</p>")
    static let over = frame(
        "This checkout is over", "",
        "<p>Nothing was bought. Begin again from the studio when you like.</p>")

    private static func open(
        _ purchase: PaymentsAPI.Purchase, _ checkout: PaymentsAPI.SandboxCheckout, _ token: String
    ) -> String {
        let price = money(purchase.amount, purchase.currency)
        let until = Timestamp(microseconds: checkout.expiresAtUs).rfc3339
        let month = purchase.isPlan ? " a month" : ""
        return frame(
            Page.escaped(purchase.label), "",
            """
            <p class="lead">\(CreditText.number(purchase.creditsU4)) credits\(month)</p>
            <dl>
            <div><dt>\(purchase.isPlan ? "Plan" : "Pack")</dt>\
            <dd>\(Page.escaped(purchase.label))</dd></div>
            <div><dt>Credits</dt><dd>\(CreditText.number(purchase.creditsU4))\(month)</dd></div>
            <div class="total"><dt>Price</dt><dd>\(price)\(month)</dd></div>
            </dl>
            <form method="post" action="/checkout/\(Page.escaped(token))">
            <button class="pay" name="action" value="pay">Pay \(price) with pretend money</button>
            <button class="cancel" name="action" value="cancel">Cancel</button>
            </form>
            <p class="fine">Purchase <code>\(Page.escaped(purchase.id))</code>, \
            open until \(until.dropFirst(11).prefix(5)) UTC.</p>
            """)
    }

    private static func back(_ url: String) -> String {
        let target = url.isEmpty ? "/" : url
        return "<p><a class=\"back\" href=\"\(Page.escaped(target))\">Back to the studio</a></p>"
    }

    /// "$52.00", "52.00 EUR".
    private static func money(_ minor: Int64, _ currency: String) -> String {
        let cents = minor % 100
        let text = "\(minor / 100).\(cents < 10 ? "0" : "")\(cents)"
        return currency == "usd" ? "$\(text)" : "\(text) \(Page.escaped(currency.uppercased()))"
    }

    private static func frame(_ title: String, _ mood: String, _ body: String) -> String {
        Page(
            title: "Sandbox checkout",
            body: """
                <main class="\(mood)">
                <p class="sandbox" role="note"><strong>Sandbox</strong> \
                No money moves and no card is asked for.</p>
                <h1>\(title)</h1>
                \(body)
                </main>
                """, stylesheet: "/checkout.css"
        ).html
    }

    static let style = """
        :root { color-scheme: dark; }
        * { box-sizing: border-box; }
        body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
          background: radial-gradient(60rem 40rem at 50% -10rem, #1d1a33, #0D0E12 70%) #0D0E12;
          color: #e8eaf2; font: 1rem/1.55 system-ui, sans-serif; }
        main { width: 100%; max-width: 26rem; background: #111318; border: 1px solid #1A1C22;
          border-radius: 1rem; padding: 1.5rem 1.75rem 1.25rem;
          box-shadow: 0 1.5rem 4rem rgba(0, 0, 0, .45); }
        .sandbox { margin: 0 0 1.5rem; padding: .6rem .8rem; border: 1px solid #5a4a16;
          border-radius: .6rem; background: #1d1a10; color: #e6cf8b; font-size: .875rem; }
        .sandbox strong { margin-right: .35rem; text-transform: uppercase; letter-spacing: .06em;
          font-size: .75rem; }
        h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.02em; }
        main.good h1 { color: #5dd39e; }
        p { margin: .5rem 0; color: #8B92A5; }
        .lead { margin: .1rem 0 1.25rem; }
        dl { margin: 0 0 1.5rem; border-top: 1px solid #1A1C22; }
        dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0;
          border-bottom: 1px solid #1A1C22; }
        dt { color: #8B92A5; } dd { margin: 0; font-variant-numeric: tabular-nums; }
        .total dd { font-weight: 650; font-size: 1.1rem; }
        form { display: grid; gap: .6rem; }
        button, .back { display: block; width: 100%; min-height: 2.9rem; padding: .7rem 1rem;
          border-radius: .65rem; border: 1px solid #2a2d38; font: inherit; font-weight: 600;
          text-align: center; text-decoration: none; cursor: pointer; color: #e8eaf2;
          background: transparent; }
        .pay, .back { border-color: transparent; color: #fff;
          background: linear-gradient(90deg, #6C5CE7, #7a4de8); }
        .pay:hover, .back:hover { filter: brightness(1.1); }
        .cancel:hover { background: #1A1C22; }
        button:focus-visible, .back:focus-visible { outline: 2px solid #b9aaff;
          outline-offset: 2px; }
        .back { margin-top: 1.25rem; }
        .fine { margin: 1.1rem 0 0; font-size: .8rem; color: #8B92A5; }
        code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere; }
        """
}
