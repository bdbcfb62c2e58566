internal import CCrypto

/// HMAC-SHA-256 (RFC 2104): proves that whoever made a message knows the key.
package enum HMACSHA256 {
    /// The 32-byte code of a message under a key of any length.
    package static func code(
        key: some Sequence<UInt8>, message: some Sequence<UInt8>
    ) -> [UInt8] {
        let key = Array(key)
        let message = Array(message)
        return [UInt8](unsafeUninitializedCapacity: SHA256.digestBytes) { buffer, count in
            var length: UInt32 = 0
            // An empty array may have no address, which libcrypto would take for "reuse the key".
            let result = key.withUnsafeBytes { key in
                message.withUnsafeBufferPointer { message in
                    withUnsafePointer(to: UInt8(0)) { empty in
                        HMAC(
                            EVP_sha256(), key.baseAddress ?? UnsafeRawPointer(empty),
                            Int32(key.count), message.baseAddress ?? empty, message.count,
                            buffer.baseAddress, &length)
                    }
                }
            }
            precondition(result != nil && length == UInt32(SHA256.digestBytes))
            count = SHA256.digestBytes
        }
    }

    /// Whether a code belongs to a message; takes the same time for every wrong code.
    package static func isValid(
        _ code: [UInt8], key: some Sequence<UInt8>, message: some Sequence<UInt8>
    ) -> Bool {
        isEqualInConstantTime(self.code(key: key, message: message), code)
    }
}

/// Compares secrets: the time taken depends on the lengths only, never on where they differ.
package func isEqualInConstantTime(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    guard first.count == second.count else { return false }
    return first.withUnsafeBytes { first in
        second.withUnsafeBytes { second in
            CRYPTO_memcmp(first.baseAddress, second.baseAddress, first.count) == 0
        }
    }
}
