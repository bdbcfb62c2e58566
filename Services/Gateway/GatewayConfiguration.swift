package import ServiceRuntime

/// The settings of the gateway; README.md has the same table.
package struct GatewayConfiguration: Sendable {
    /// `sqlite:PATH`.
    package var store = "sqlite:data/gateway/gateway.db"
    package var sessionAddresses = [SocketAddress(host: "127.0.0.1", port: 7101)]
    package var creditsAddresses = [SocketAddress(host: "127.0.0.1", port: 7102)]
    package var promptAddresses = [SocketAddress(host: "127.0.0.1", port: 7103)]
    package var mediaAddresses = [SocketAddress(host: "127.0.0.1", port: 7104)]
    package var renderAddresses = [SocketAddress(host: "127.0.0.1", port: 7105)]
    package var hasRateLimits = true
    /// Requests a second and the burst above them, for reads, writes and paid starts of one caller.
    package var readsPerSecond = 20
    package var readBurst = 40
    package var writesPerSecond = 5
    package var writeBurst = 20
    package var paidPerSecond = 1
    package var paidBurst = 4
    package var uploadsPerMinute = 6
    package var webhooksPerSecond = 50
    package var failedSignInsPerMinute = 10
    /// Guests of one address prefix a day; loopback is exempt.
    package var guestsPerDay = 3
    package var tokenLifetime: Duration = .seconds(30 * 86_400)
    package var idempotencyKept: Duration = .seconds(86_400)
    /// How long a command is waited for before it is answered with 202.
    package var commandWait: Duration = .seconds(120)
    package var heartbeat: Duration = .seconds(10)
    package var jsonBytesMax = 256 << 10
    package var uploadBytesMax = 10 << 20
    package var connectionsMax = 1000
    package var connectionsPerAddressMax = 50
    package var corsOrigins: [String] = []
    /// Where the bundled studio lies; empty = `web` beside the executable.
    package var web = ""
    /// Whose tokens are accepted instead of the gateway's own; none = local identity.
    package var issuers: [Issuer] = []
    package var drainTimeout: Duration = .seconds(20)

    package init() {}

    /// - Throws: ``ConfigurationError`` for a setting that cannot be understood.
    package init(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        let standard = GatewayConfiguration()
        store = reader.text("STORE", default: standard.store, help: "sqlite:PATH.")
        sessionAddresses = Self.addresses(&reader, "SESSION", standard.sessionAddresses)
        creditsAddresses = Self.addresses(&reader, "CREDITS", standard.creditsAddresses)
        promptAddresses = Self.addresses(&reader, "PROMPT", standard.promptAddresses)
        mediaAddresses = Self.addresses(&reader, "MEDIA", standard.mediaAddresses)
        renderAddresses = Self.addresses(&reader, "RENDER", standard.renderAddresses)
        hasRateLimits = reader.isOn(
            "RATE_LIMITS", default: true, help: "on, or off for benchmarks on loopback.")
        readsPerSecond = reader.integer(
            "READS_PER_SECOND", default: 20, in: 1...1_000_000, help: "Reads of one caller.")
        readBurst = reader.integer(
            "READ_BURST", default: 40, in: 1...1_000_000, help: "Reads at once above that.")
        writesPerSecond = reader.integer(
            "WRITES_PER_SECOND", default: 5, in: 1...1_000_000, help: "Writes of one caller.")
        writeBurst = reader.integer(
            "WRITE_BURST", default: 20, in: 1...1_000_000, help: "Writes at once above that.")
        paidPerSecond = reader.integer(
            "PAID_PER_SECOND", default: 1, in: 1...1_000_000,
            help: "Requests of one caller that cost credits.")
        paidBurst = reader.integer(
            "PAID_BURST", default: 4, in: 1...1_000_000, help: "Paid requests above that.")
        uploadsPerMinute = reader.integer(
            "UPLOADS_PER_MINUTE", default: 6, in: 1...1_000_000, help: "Uploads of one caller.")
        webhooksPerSecond = reader.integer(
            "WEBHOOKS_PER_SECOND", default: 50, in: 1...1_000_000,
            help: "Webhooks from one address.")
        failedSignInsPerMinute = reader.integer(
            "FAILED_SIGN_INS_PER_MINUTE", default: 10, in: 1...1_000_000,
            help: "Wrong passwords and tokens from one address.")
        guestsPerDay = reader.integer(
            "GUESTS_PER_DAY", default: 3, in: 0...1_000_000,
            help: "Guests of one address prefix a day; loopback is exempt.")
        tokenLifetime = reader.duration(
            "TOKEN_LIFETIME", default: "720h", in: .seconds(60)...(.seconds(86_400 * 3650)),
            help: "How long an access token is valid.")
        idempotencyKept = reader.duration(
            "IDEMPOTENCY_KEPT", default: "24h", in: .seconds(60)...(.seconds(86_400 * 30)),
            help: "How long an answer can be repeated by its Idempotency-Key.")
        commandWait = reader.duration(
            "COMMAND_WAIT", default: "120s", in: .milliseconds(1)...(.seconds(600)),
            help: "How long a command is waited for before 202.")
        heartbeat = reader.duration(
            "HEARTBEAT", default: "10s", in: .milliseconds(10)...(.seconds(15)),
            help: "Longest silence on the event stream.")
        jsonBytesMax = reader.integer(
            "JSON_BYTES_MAX", default: 256 << 10, in: 1024...(16 << 20),
            help: "Largest JSON body, in bytes.")
        uploadBytesMax = reader.integer(
            "UPLOAD_BYTES_MAX", default: 10 << 20, in: 1024...(256 << 20),
            help: "Largest uploaded picture, in bytes.")
        connectionsMax = reader.integer(
            "CONNECTIONS_MAX", default: 1000, in: 1...100_000, help: "Connections at a time.")
        connectionsPerAddressMax = reader.integer(
            "CONNECTIONS_PER_ADDRESS_MAX", default: 50, in: 1...100_000,
            help: "Connections of one address; loopback is exempt.")
        corsOrigins = reader.text(
            "CORS_ORIGINS", default: "", help: "Exact origins, separated by commas; empty = none."
        ).split(separator: ",").map(String.init)
        web = reader.text(
            "WEB", default: "", help: "The bundled studio; empty = web beside the executable.")
        issuers = try Issuer.list(
            reader.text(
                "ISSUERS", default: "",
                help: "Outside sign-in: NAME AUDIENCE RS256|ES256 KEYS_URL, separated by commas."))
        drainTimeout = reader.duration(
            "DRAIN_TIMEOUT", default: "20s", in: .zero...(.seconds(300)),
            help: "Time for requests in progress when the service stops.")
    }

    private static func addresses(
        _ reader: inout ConfigurationReader, _ service: String, _ standard: [SocketAddress]
    ) -> [SocketAddress] {
        reader.addresses(
            "\(service)_ADDRESS",
            default: standard.map(\.description).joined(separator: ","),
            help: "Where \(service.lowercased()) listens; several are balanced over.",
            isShared: true)
    }

    var rateLimits: [RateClass: RateLimit] {
        [
            .read: RateLimit(perSecond: Double(readsPerSecond), burst: Double(readBurst)),
            .write: RateLimit(perSecond: Double(writesPerSecond), burst: Double(writeBurst)),
            .paid: RateLimit(perSecond: Double(paidPerSecond), burst: Double(paidBurst)),
            .upload: RateLimit(
                perSecond: Double(uploadsPerMinute) / 60, burst: Double(uploadsPerMinute)),
            .webhook: RateLimit(
                perSecond: Double(webhooksPerSecond), burst: Double(webhooksPerSecond)),
            .authentication: RateLimit(
                perSecond: Double(failedSignInsPerMinute) / 60,
                burst: Double(failedSignInsPerMinute)),
        ]
    }
}
