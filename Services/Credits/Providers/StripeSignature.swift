internal import Cryptography

/// The signature of Stripe's webhooks: `t=SECONDS,v1=HEX[,v1=HEX…]`, where HEX is the HMAC-SHA-256 of
/// "SECONDS.BODY" under the whole text of a `whsec_…` secret. Other schemes (`v0`) are not looked at.
package enum StripeSignature {
    /// How old a signature may be; a little more than a retry takes.
    package static let ageMaxSeconds: Int64 = 300
    /// How far ahead the sender's clock may be.
    package static let aheadMaxSeconds: Int64 = 60
    private static let headerBytesMax = 4_096
    private static let signaturesMax = 16

    /// Why a body is not believed.
    package enum Fault: Error, Hashable {
        case signature, stale
    }

    /// Checks a body against every active secret and every signature of the header, always all of
    /// them, each in constant time.
    package static func verify(
        header: String, body: [UInt8], secrets: [String], nowSeconds: Int64
    ) throws(Fault) {
        guard header.utf8.count <= headerBytesMax else { throw .signature }
        var seconds: String?
        var signatures: [[UInt8]] = []
        for field in header.split(separator: ",") {
            let parts = field.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .signature }
            switch parts[0] {
            case "t":
                guard seconds == nil else { throw .signature }
                seconds = String(parts[1])
            case "v1": signatures.append(Array(parts[1].utf8))
            default: break
            }
        }
        guard let seconds, let signedAt = plainNumber(seconds), !signatures.isEmpty,
            signatures.count <= signaturesMax
        else { throw .signature }
        let message = Array(seconds.utf8) + [UInt8(ascii: ".")] + body
        var isValid = false
        for secret in secrets {
            let code = HMACSHA256.code(key: Array(secret.utf8), message: message)
            let expected = Array(Hex.encode(code).utf8)
            for signature in signatures where isEqualInConstantTime(expected, signature) {
                isValid = true
            }
        }
        guard isValid else { throw .signature }
        // Told apart only for those who could sign.
        guard signedAt >= nowSeconds - ageMaxSeconds, signedAt <= nowSeconds + aheadMaxSeconds
        else { throw .stale }
    }

    private static func plainNumber(_ text: String) -> Int64? {
        guard (1...12).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(text)
    }
}
