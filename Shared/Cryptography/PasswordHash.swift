internal import CCrypto

/// Passwords kept as argon2id hashes (RFC 9106): slow and memory-hard for who steals them.
///
/// Hashing takes tens of milliseconds of one core and `memoryKiB` of memory on purpose: call it on
/// a worker thread and bound how many run at once.
package struct PasswordHash: Sendable {
    /// A password that could not be hashed.
    package enum Failure: Error, Hashable {
        /// libargon2 refused, with its own number: too little memory or parameters out of range.
        case refused(Int32)
    }

    /// Passes over the memory; 1 or more.
    package var passes: UInt32
    /// Memory filled while hashing, in KiB; 8 or more.
    package var memoryKiB: UInt32
    /// Lanes, all computed on the calling thread in effect; 1 or more.
    package var lanes: UInt32

    /// Costs of at least the OWASP recommendation (19 MiB, 2 passes, 1 lane).
    package init(passes: UInt32 = 2, memoryKiB: UInt32 = 19_456, lanes: UInt32 = 1) {
        self.passes = passes
        self.memoryKiB = memoryKiB
        self.lanes = lanes
    }

    private static let hashBytes = 32
    private static let saltBytes = 16

    /// The encoded hash (`$argon2id$v=19$…`) of a password under a fresh salt.
    package func encode(_ password: String) throws(Failure) -> String {
        try encode(password, salt: SecureRandom.bytes(Self.saltBytes))
    }

    /// The encoded hash of a password under a given salt of 8 bytes or more.
    package func encode(_ password: String, salt: [UInt8]) throws(Failure) -> String {
        let capacity = argon2_encodedlen(
            passes, memoryKiB, lanes, UInt32(salt.count), UInt32(Self.hashBytes), Argon2_id)
        let password = Array(password.utf8)
        var code: Int32 = 0
        let text = String(unsafeUninitializedCapacity: capacity) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { encoded in
                code = argon2id_hash_encoded(
                    passes, memoryKiB, lanes, password, password.count, salt, salt.count,
                    Self.hashBytes, encoded.baseAddress, encoded.count)
                return code == 0 ? (encoded.firstIndex(of: 0) ?? encoded.count) : 0
            }
        }
        guard code == ARGON2_OK.rawValue else { throw .refused(code) }
        return text
    }

    /// Whether a password belongs to an encoded hash; false also when the text is no argon2id hash.
    /// The costs are those written in the hash.
    package static func isValid(_ password: String, for encoded: String) -> Bool {
        let password = Array(password.utf8)
        return argon2id_verify(encoded, password, password.count) == ARGON2_OK.rawValue
    }
}
