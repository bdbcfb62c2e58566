package import ServiceRuntime

/// The settings of payments; see the table in README.md.
package struct PaymentConfiguration: Hashable, Sendable {
    package enum Provider: String, CaseIterable, Sendable {
        /// A sandbox: no money moves.
        case local
        case stripe
    }

    package struct Stripe: Hashable, Sendable {
        package var secretKey = Secret("")
        /// Any of them may have signed a webhook, so that one can be replaced.
        package var webhookSecrets: [Secret] = []
        package var apiBase = "https://api.stripe.com"
        /// Price ids by pack or plan; what has none is priced in the checkout itself.
        package var prices: [String: String] = [:]
        /// Of one try; calls that may be repeated are tried three times.
        package var timeout = Duration.seconds(10)

        package init() {}

        /// Whether the key moves real money.
        var isLive: Bool {
            let key = secretKey.reveal()
            return key.hasPrefix("sk_live_") || key.hasPrefix("rk_live_")
        }
    }

    package var provider = Provider.local
    package var stripe = Stripe()
    /// Where this gateway is found from outside, without a slash at the end; empty when unknown.
    package var publicURL = ""
    /// Where buyers may be sent back to besides this site: exact origins.
    package var returnOrigins: [String] = []
    /// How long the credits of a plan live after the end of their month.
    package var planGrace = Duration.seconds(72 * 3_600)
    /// How often what is unsettled is looked at.
    package var sweepInterval = Duration.seconds(60)
    /// How old a purchase is when it is first asked about.
    package var checkAfter = Duration.seconds(600)
    /// How long after it was paid a purchase is first asked about again.
    package var recheckAfter = Duration.seconds(3_600)

    package init() {}

    /// Reads `CREDITS_PAYMENT_PROVIDER` and the others.
    package init(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        let defaults = PaymentConfiguration()
        provider = reader.choice(
            "PAYMENT_PROVIDER", default: defaults.provider,
            help: "who takes the money: local (a sandbox) or stripe")
        publicURL = reader.text(
            "PUBLIC_URL", default: "", help: "where buyers find this site: https://studio.example")
        returnOrigins = reader.text(
            "RETURN_ORIGINS", default: "",
            help: "origins besides it that buyers may be sent back to, separated by commas"
        ).split(separator: ",").map(String.init)
        planGrace = reader.duration(
            "PLAN_GRACE", default: "72h", in: .zero...(.seconds(31 * 86_400)),
            help: "how long a plan's credits live after the end of their month")
        sweepInterval = reader.duration(
            "PAYMENT_SWEEP_INTERVAL", default: "60s",
            in: .milliseconds(100)...(.seconds(3_600)),
            help: "how often purchases that are open for long are asked about")
        checkAfter = reader.duration(
            "PAYMENT_CHECK_AFTER", default: "10m", in: .seconds(1)...(.seconds(86_400)),
            help: "how old an open purchase is when its provider is first asked about it")
        recheckAfter = reader.duration(
            "PAYMENT_RECHECK_AFTER", default: "1h", in: .seconds(1)...(.seconds(86_400)),
            help: "how long after a payment it is first looked at for money that went back")
        let key = try reader.secret("STRIPE_SECRET_KEY", help: "sk_test_… or sk_live_…")
        let secrets = try reader.secret(
            "STRIPE_WEBHOOK_SECRETS", help: "whsec_…, several active ones separated by commas")
        stripe.apiBase = reader.text(
            "STRIPE_API_BASE", default: defaults.stripe.apiBase,
            help: "where Stripe's API is; http on loopback only, for tests")
        let prices = reader.text(
            "STRIPE_PRICES", default: "",
            help: "price ids by pack or plan: starter=price_…,creator=price_…")
        try checkSites()
        stripe.prices = try Self.prices(prices)
        try Self.checkBase(stripe.apiBase)
        guard provider == .stripe else { return }
        guard let key, key.reveal().hasPrefix("sk_") || key.reveal().hasPrefix("rk_") else {
            throw ConfigurationError(
                "CREDITS_STRIPE_SECRET_KEY is missing, or is no secret key of Stripe")
        }
        stripe.secretKey = key
        stripe.webhookSecrets = (secrets?.reveal() ?? "").split(separator: ",").map {
            Secret(String($0))
        }
        guard !stripe.webhookSecrets.isEmpty,
            stripe.webhookSecrets.allSatisfy({ $0.reveal().utf8.count >= 16 })
        else {
            throw ConfigurationError(
                "CREDITS_STRIPE_WEBHOOK_SECRETS is missing, or has one of fewer than 16 bytes")
        }
        guard !publicURL.isEmpty else {
            throw ConfigurationError(
                "CREDITS_PUBLIC_URL is required with stripe: buyers are sent back there")
        }
    }

    private func checkSites() throws(ConfigurationError) {
        for (variable, sites) in [
            ("CREDITS_PUBLIC_URL", publicURL.isEmpty ? [] : [publicURL]),
            ("CREDITS_RETURN_ORIGINS", returnOrigins),
        ] {
            for site in sites where ReturnURL.origin(of: site) != site {
                throw ConfigurationError(
                    "\(variable) is \"\(site)\"; expected https://host, without a path")
            }
        }
    }

    private static func prices(_ text: String) throws(ConfigurationError) -> [String: String] {
        var prices: [String: String] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[1].hasPrefix("price_"),
                (PackList.packs + PackList.plans).contains(where: { $0.id == parts[0] })
            else {
                throw ConfigurationError(
                    "CREDITS_STRIPE_PRICES has \"\(pair)\"; expected PACK=price_…")
            }
            prices[parts[0]] = parts[1]
        }
        return prices
    }

    private static func checkBase(_ base: String) throws(ConfigurationError) {
        let isLoopback = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"].contains {
            base.hasPrefix($0)
        }
        guard base.hasPrefix("https://") || isLoopback, !base.hasSuffix("/") else {
            throw ConfigurationError(
                "CREDITS_STRIPE_API_BASE is \"\(base)\"; expected https://host, or http on loopback"
            )
        }
    }
}
