internal import HTTP
package import HTTPOutbound
internal import ServiceRuntime

/// One exchange with a payment provider: an HTTP client's, or one that a test answers.
package typealias PaymentExchange =
    @Sendable (HTTPClient.Request) async throws(HTTPClientError) -> HTTPClient.Response

/// Stripe's HTTP: the headers, what may be tried again, and what a failure is.
struct StripeAPI: Sendable {
    /// What the shapes that are read and sent were written for.
    static let version = "2026-10-28.endive"
    private static let triesMax = 3
    private static let answerBytesMax = 1 << 20

    let exchange: PaymentExchange
    let settings: PaymentConfiguration.Stripe
    let time: any TimeSource
    let random: RandomSource

    func get(_ path: String) async throws -> JSONValue {
        try await call("GET", path, body: [], headers: [:])
    }

    /// - Parameter idempotencyKey: The same key with the same form is done once.
    func post(
        _ path: String, _ form: FormBody, idempotencyKey: String
    ) async throws -> JSONValue {
        try await call(
            "POST", path, body: form.bytes,
            headers: [
                "Content-Type": "application/x-www-form-urlencoded",
                "Idempotency-Key": idempotencyKey,
            ])
    }

    private func call(
        _ method: String, _ path: String, body: [UInt8], headers: HTTPHeaders
    ) async throws -> JSONValue {
        var headers = headers
        headers.append("Authorization", "Bearer \(settings.secretKey.reveal())")
        headers.append("Stripe-Version", Self.version)
        headers.append("Accept", "application/json")
        let request = HTTPClient.Request(
            method, settings.apiBase + path, headers: headers, body: body,
            timeout: settings.timeout, bodyBytesMax: Self.answerBytesMax)
        var wait = Duration.milliseconds(250)
        for attempt in 1...Self.triesMax {
            let failure: String
            switch await answer(to: request) {
            case .success(let response):
                if (200..<300).contains(response.status) { return try Self.json(response.body) }
                guard Self.mayRetry(response) else { throw Self.refusal(response) }
                if let told = response.headers["Retry-After"].flatMap({ Int64($0) }) {
                    wait = .seconds(min(max(told, 0), 5))
                }
                failure = "Stripe answered with \(response.status)"
            // Both kinds of call may be repeated: a read changes nothing, and a write has its key.
            case .failure(.cannotConnect), .failure(.timedOut), .failure(.failed):
                failure = "Stripe does not answer"
            case .failure:
                throw ProviderFailure.unavailable("the call was cut short")
            }
            guard attempt < Self.triesMax else { throw ProviderFailure.unavailable(failure) }
            try await time.sleep(for: wait + random.jitter(.milliseconds(100)))
            wait = wait * 2
        }
        throw ProviderFailure.unavailable("Stripe does not answer")
    }

    private func answer(
        to request: HTTPClient.Request
    ) async -> Result<HTTPClient.Response, HTTPClientError> {
        do throws(HTTPClientError) {
            return .success(try await exchange(request))
        } catch {
            return .failure(error)
        }
    }

    /// Stripe's own word decides, then the status.
    private static func mayRetry(_ response: HTTPClient.Response) -> Bool {
        switch response.headers["Stripe-Should-Retry"] {
        case "true": true
        case "false": false
        default: [408, 409, 425, 429].contains(response.status) || response.status >= 500
        }
    }

    /// What a final failure is. Texts of the provider stay inside: only its code is kept.
    private static func refusal(_ response: HTTPClient.Response) -> ProviderFailure {
        let error = (try? JSONValue(parsing: response.body))?["error"]
        let code = error?["code"]?.text ?? error?["type"]?.text ?? "no code"
        let text = "Stripe answered with \(response.status), \(code.prefix(64))"
        // A wrong key is our fault, not the buyer's: once it is right, the same call works.
        let isOurs = [401, 403].contains(response.status) || response.status >= 409
        return isOurs ? .unavailable(text) : .refused(text)
    }

    private static func json(_ body: [UInt8]) throws -> JSONValue {
        guard let value = try? JSONValue(parsing: body) else {
            throw ProviderFailure.unavailable("Stripe's answer is no JSON")
        }
        return value
    }
}
