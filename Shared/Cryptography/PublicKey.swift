internal import CCrypto

/// The public half of a key that signs JSON Web Tokens (RFC 7518).
// Safe: the key does not change after init, and OpenSSL only reads it when it checks signatures.
package final class PublicKey: @unchecked Sendable {
    /// How a signature is made; each goes with one kind of key.
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        /// RSASSA-PKCS1-v1_5 over SHA-256.
        case rs256 = "RS256"
        /// ECDSA over P-256 and SHA-256; the signature is r and s, 32 bytes each.
        case es256 = "ES256"
    }

    /// RSA keys may be as long as this, in bits; the time of a check grows with the length.
    private static let rsaBits = 2048...8192
    private static let coordinateBytes = 32

    package let algorithm: Algorithm
    private let key: OpaquePointer

    /// An RSA key of 2048 to 8192 bits; nil for any other, or for what is no key at all.
    /// - Parameters: Both big-endian.
    package init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
        guard modulus.count <= Self.rsaBits.upperBound / 8 + 1, (1...8).contains(exponent.count),
            let key = crypto_rsa_key(modulus, modulus.count, exponent, exponent.count)
        else { return nil }
        guard Self.rsaBits.contains(Int(EVP_PKEY_get_bits(key))) else {
            EVP_PKEY_free(key)
            return nil
        }
        algorithm = .rs256
        self.key = key
    }

    /// A key on the curve P-256; nil when the point does not lie on it.
    /// - Parameters: 32 bytes each, big-endian.
    package init?(p256X x: [UInt8], y: [UInt8]) {
        guard x.count == Self.coordinateBytes, y.count == Self.coordinateBytes else { return nil }
        let point = [4] + x + y
        guard let key = crypto_p256_key(point, point.count) else { return nil }
        algorithm = .es256
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether the signature is this key's over the message.
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch algorithm {
        case .rs256:
            return crypto_verify(key, signature, signature.count, message, message.count) == 1
        case .es256:
            guard signature.count == 2 * Self.coordinateBytes else { return false }
            return crypto_verify_es256(key, signature, message, message.count) == 1
        }
    }
}
