import CreditsService
import ServiceRuntime
import Testing

@Suite struct PaymentConfigurationTests {
    private static let stripe = [
        "CREDITS_PAYMENT_PROVIDER": "stripe", "CREDITS_STRIPE_SECRET_KEY": "sk_test_1234567890",
        "CREDITS_STRIPE_WEBHOOK_SECRETS": "whsec_1234567890,whsec_0987654321",
        "CREDITS_PUBLIC_URL": "https://studio.example",
    ]

    private func read(
        _ environment: [String: String]
    ) throws(ConfigurationError) -> (CreditsConfiguration, ConfigurationReader) {
        var reader = try ConfigurationReader(prefix: "CREDITS", environment: environment)
        let configuration = try CreditsConfiguration(&reader)
        try reader.finish()
        return (configuration, reader)
    }

    private func fault(_ change: [String: String?]) -> String? {
        var environment = Self.stripe
        for (name, value) in change { environment[name] = value }
        do throws(ConfigurationError) {
            _ = try read(environment)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `the sandbox needs no settings`() throws {
        #expect(try read([:]).0.payments == PaymentConfiguration())
    }

    @Test func `secrets are read and never shown`() throws {
        let (configuration, reader) = try read(Self.stripe)
        #expect(configuration.payments.stripe.secretKey.reveal() == "sk_test_1234567890")
        #expect(configuration.payments.stripe.webhookSecrets.count == 2)
        for text in ["\(configuration)", String(reflecting: configuration)] {
            #expect(!text.contains("1234567890"))
        }
        for setting in reader.settings { #expect(!setting.value.contains("1234567890")) }
    }

    @Test func `a wrong setting stops the start and is named`() {
        #expect(fault([:]) == nil)
        let cases: [(String, String?)] = [
            ("CREDITS_PAYMENT_PROVIDER", "paypal"), ("CREDITS_STRIPE_SECRET_KEY", nil),
            ("CREDITS_STRIPE_SECRET_KEY", "pk_test_1"), ("CREDITS_STRIPE_WEBHOOK_SECRETS", nil),
            ("CREDITS_STRIPE_WEBHOOK_SECRETS", "short"), ("CREDITS_PUBLIC_URL", nil),
            ("CREDITS_PUBLIC_URL", "studio.example"),
            ("CREDITS_PUBLIC_URL", "https://studio.example/"),
            ("CREDITS_RETURN_ORIGINS", "https://a.example,*"),
            ("CREDITS_STRIPE_API_BASE", "http://api.stripe.com"),
            ("CREDITS_STRIPE_API_BASE", "https://api.stripe.com/"),
            ("CREDITS_STRIPE_PRICES", "gold=price_1"), ("CREDITS_STRIPE_PRICES", "pro=prod_1"),
            ("CREDITS_PLAN_GRACE", "1000h"), ("CREDITS_STRIPE_SECRET_KEY_FILE", "/nowhere"),
        ]
        for (name, value) in cases {
            let text = fault([name: value])
            let mark = name.dropFirst("CREDITS_".count).prefix(16)
            #expect(text?.contains(mark) == true, "\(name): \(text ?? "none")")
        }
        #expect(
            fault([
                "CREDITS_STRIPE_SECRET_KEY": nil, "CREDITS_STRIPE_SECRET_KEY_FILE": "/nowhere",
            ])?.contains("CREDITS_STRIPE_SECRET_KEY_FILE /nowhere") == true)
    }
}
