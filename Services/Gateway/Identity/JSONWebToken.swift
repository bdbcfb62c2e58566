internal import Cryptography
internal import HTTP
internal import ServiceRuntime

/// A signed token (RFC 7519) taken apart; nothing in it is true before ``claims(issuer:key:now:)``.
struct JSONWebToken: Sendable {
    /// Why a token is refused; for the log only.
    enum Rejection: Error, Hashable, Sendable {
        case malformed, foreignIssuer, algorithm, unknownKey, signature, audience, expired
        case notYetValid, subject, role
    }

    /// What is known of the user of a valid token.
    struct Claims: Hashable, Sendable {
        let subject: String
        let email: String?
        let name: String?
        /// Seconds since 1970.
        let expiresAt: Double
    }

    private static let bytesMax = 8 << 10
    /// How far the clocks of the two sides may be apart, in seconds.
    private static let skew = 60.0

    let issuer: String
    let algorithm: String
    let keyID: String
    private let payload: JSONValue
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// Takes a token apart: at most 8 KiB, three parts, strict base64url and JSON.
    init(_ token: String) throws(Rejection) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= Self.bytesMax, parts.count == 3,
            let header = Self.object(parts[0]), let payload = Self.object(parts[1]),
            let signature = Base64URL.decode(String(parts[2])), !signature.isEmpty,
            let issuer = payload["iss"]?.text, let algorithm = header["alg"]?.text,
            let keyID = header["kid"]?.text, (1...256).contains(keyID.utf8.count),
            // Extensions that must be understood: none is.
            header["crit"] == nil
        else { throw .malformed }
        self.issuer = issuer
        self.algorithm = algorithm
        self.keyID = keyID
        self.payload = payload
        self.signature = signature
        signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
    }

    private static func object(_ part: Substring) -> JSONValue? {
        guard let bytes = Base64URL.decode(String(part)),
            let value = try? JSONValue(parsing: bytes), value.members != nil
        else { return nil }
        return value
    }

    /// What the token says, once everything about it was checked.
    func claims(
        issuer: Issuer, key: PublicKey, now: Timestamp
    ) throws(Rejection) -> Claims {
        guard self.issuer == issuer.name else { throw .foreignIssuer }
        guard algorithm == issuer.algorithm.rawValue, key.algorithm == issuer.algorithm else {
            throw .algorithm
        }
        guard key.verifies(signature, of: signed) else { throw .signature }
        let audiences = payload["aud"]?.array ?? payload["aud"].map { [$0] } ?? []
        guard audiences.contains(where: { $0.text == issuer.audience }) else { throw .audience }
        let seconds = Double(now.microseconds) / 1e6
        guard let expiresAt = payload["exp"]?.number, expiresAt + Self.skew > seconds else {
            throw .expired
        }
        for name in ["nbf", "iat", "auth_time"] {
            guard let value = payload[name] else { continue }
            guard let since = value.number, since - Self.skew <= seconds else {
                throw .notYetValid
            }
        }
        // Supabase also signs tokens for nobody in particular and for its own services.
        if let role = payload["role"], role.text != "authenticated" { throw .role }
        guard let subject = payload["sub"]?.text, (1...128).contains(subject.unicodeScalars.count),
            subject.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { throw .subject }
        return Claims(
            subject: subject, email: Self.short(payload["email"]),
            name: Self.short(payload["name"]),
            expiresAt: expiresAt)
    }

    private static func short(_ value: JSONValue?) -> String? {
        guard let text = value?.text, (1...254).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { return nil }
        return text
    }
}
