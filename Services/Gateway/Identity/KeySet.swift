internal import Cryptography
internal import HTTP
internal import ServiceRuntime

/// The published keys of one issuer, fetched when they are needed and kept.
///
/// Keys are fetched again when they are old, and when a token names one that is not there: once a
/// minute at most. While the issuer cannot be reached, keys up to a day old go on serving.
final class KeySet: Sendable {
    /// Where keys come from: the body and how long it may be kept.
    typealias Fetch = @Sendable (_ url: String) async throws -> (body: [UInt8], keptFor: Duration)

    /// No keys could be had: nothing can be said of any token.
    struct Unreachable: Error, Hashable, Sendable {}

    private struct State {
        var keys: [String: PublicKey] = [:]
        var fetchedAt: Instant?
        var triedAt: Instant?
        var keptFor = Duration.zero
        var fetching: Task<Void, Never>?
    }

    private static let retryAfter = Duration.seconds(60)
    private static let staleMax = Duration.seconds(86_400)
    private static let keptFor = Duration.seconds(60)...Duration.seconds(3600)
    private static let keysMax = 1024

    private let issuer: Issuer
    private let fetch: Fetch
    private let time: any TimeSource
    private let logger: Logger
    private let state = Lock(State())

    init(issuer: Issuer, fetch: @escaping Fetch, time: any TimeSource, logger: Logger) {
        self.issuer = issuer
        self.fetch = fetch
        self.time = time
        self.logger = logger
    }

    /// The key of a name; nil when the issuer publishes none.
    func key(_ id: String) async throws -> PublicKey? {
        let known = state.withLock { state in
            (state.keys[id], isOver(state.fetchedAt, state.keptFor))
        }
        if let key = known.0, !known.1 { return key }
        await refresh()
        return try state.withLock { state in
            guard let fetchedAt = state.fetchedAt, time.instant - fetchedAt < Self.staleMax else {
                throw Unreachable()
            }
            return state.keys[id]
        }
    }

    private func isOver(_ since: Instant?, _ duration: Duration) -> Bool {
        guard let since else { return true }
        return time.instant - since >= duration
    }

    /// Fetches the keys unless that was tried within the last minute; callers share one fetch.
    private func refresh() async {
        let task = state.withLock { state -> Task<Void, Never>? in
            if let fetching = state.fetching { return fetching }
            guard isOver(state.triedAt, Self.retryAfter) else { return nil }
            state.triedAt = time.instant
            let task = Task { await load() }
            state.fetching = task
            return task
        }
        await task?.value
    }

    private func load() async {
        do {
            let (body, keptFor) = try await fetch(issuer.keysURL)
            let keys = try keys(body)
            state.withLock { state in
                state.keys = keys
                state.fetchedAt = time.instant
                state.keptFor = min(
                    max(keptFor, Self.keptFor.lowerBound), Self.keptFor.upperBound)
                state.fetching = nil
            }
        } catch {
            logger.warning(
                "issuer.keys_unreachable", "",
                ["issuer": .text(issuer.name), "cause": .text("\(error)")])
            state.withLock { $0.fetching = nil }
        }
    }

    /// The usable keys of a set; one without any is an error, so that it does not replace good ones.
    private func keys(_ body: [UInt8]) throws -> [String: PublicKey] {
        var keys: [String: PublicKey] = [:]
        for entry in (try JSONValue(parsing: body)["keys"]?.array ?? []).prefix(Self.keysMax) {
            guard let id = entry["kid"]?.text, let key = Self.key(entry),
                key.algorithm == issuer.algorithm
            else { continue }
            keys[id] = key
        }
        guard !keys.isEmpty else { throw Unreachable() }
        return keys
    }

    private static func key(_ entry: JSONValue) -> PublicKey? {
        func bytes(_ name: String) -> [UInt8]? { entry[name]?.text.flatMap(Base64URL.decode) }
        if let use = entry["use"]?.text, use != "sig" { return nil }
        switch entry["kty"]?.text {
        case "RSA":
            guard let modulus = bytes("n"), let exponent = bytes("e") else { return nil }
            return PublicKey(rsaModulus: modulus, exponent: exponent)
        case "EC" where entry["crv"]?.text == "P-256":
            guard let x = bytes("x"), let y = bytes("y") else { return nil }
            return PublicKey(p256X: x, y: y)
        default:
            return nil
        }
    }
}
