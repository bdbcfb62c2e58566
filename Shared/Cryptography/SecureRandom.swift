internal import CCrypto

/// Random bytes that nobody can guess, from libcrypto's generator seeded by the kernel.
package enum SecureRandom {
    /// Fresh random bytes.
    ///
    /// - Parameter count: 0...65,536.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition((0...65_536).contains(count))
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // Going on without randomness would hand out guessable tokens.
            precondition(count == 0 || RAND_bytes(buffer.baseAddress, Int32(count)) == 1)
            initialized = count
        }
    }

    /// A fresh opaque token: `byteCount` random bytes in base64url.
    package static func token(byteCount: Int = 32) -> String {
        Base64URL.encode(bytes(byteCount))
    }
}
