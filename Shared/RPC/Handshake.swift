internal import Cryptography
internal import Wire

/// The proof of a HELLO: who knows the cluster secret can make it, who does not cannot.
enum Handshake {
    enum Side: String {
        case client, server
    }

    /// HMAC-SHA256 over the side's name, the other side's nonce and the own nonce, each nonce after
    /// one byte with its length, so that no bytes can pass from one to the other.
    static func proof(_ side: Side, secret: [UInt8], theirs: Bytes, own: Bytes) -> Bytes {
        Bytes(
            HMACSHA256.code(
                key: secret,
                message: Array(side.rawValue.utf8) + [UInt8(theirs.count)] + Array(theirs)
                    + [UInt8(own.count)] + Array(own)))
    }

    static func isValid(
        _ proof: Bytes, _ side: Side, secret: [UInt8], theirs: Bytes, own: Bytes
    ) -> Bool {
        isEqualInConstantTime(
            Array(proof), Array(Self.proof(side, secret: secret, theirs: theirs, own: own)))
    }
}

/// What one side says of itself in HELLO.
package struct Identity: Sendable {
    /// "session"; at most 64 bytes.
    package let service: String
    /// The cluster secret; nil = none, which is accepted between loopback addresses only.
    package let secret: [UInt8]?

    package init(service: String, secret: [UInt8]? = nil) {
        self.service = service
        self.secret = secret
    }
}
