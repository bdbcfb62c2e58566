internal import CCrypto

/// SHA-256, in one go or piece by piece.
///
/// ```swift
/// var hash = SHA256()
/// hash.update(header)
/// hash.update(body)
/// let digest = hash.finish()  // 32 bytes
/// ```
///
/// A value of this type has one owner; it is not shared between threads.
package struct SHA256: ~Copyable {
    /// Length of every digest, in bytes.
    package static let digestBytes = 32

    private let context: OpaquePointer

    /// Starts an empty hash.
    package init() {
        guard let context = EVP_MD_CTX_new() else {
            preconditionFailure("no memory for a hash")
        }
        self.context = context
        start()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    private func start() {
        // libcrypto fails here only when it is broken: a digest must never be silently wrong.
        precondition(EVP_DigestInit_ex(context, Algorithm.sha256.method, nil) == 1)
    }

    /// Adds bytes to what is hashed.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        precondition(EVP_DigestUpdate(context, base, bytes.count) == 1)
    }

    /// Adds bytes to what is hashed.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable {
            update(UnsafeRawBufferPointer($0))
        }
        if isDone == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// Adds the UTF-8 bytes of a text.
    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of everything added so far. The hash is empty afterwards and can be used again.
    package mutating func finish() -> [UInt8] {
        let digest = [UInt8](unsafeUninitializedCapacity: Self.digestBytes) { buffer, count in
            precondition(EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1)
            count = Self.digestBytes
        }
        start()
        return digest
    }

    /// The 32-byte digest of some bytes.
    package static func digest(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The 32-byte digest of some bytes.
    package static func digest(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The 32-byte digest of the UTF-8 bytes of a text.
    package static func digest(of text: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(text)
        return hash.finish()
    }
}

/// A digest method looked up once: each lookup by name costs more than hashing a short message.
// Safe: libcrypto's fetched methods are immutable and shared between threads; never freed.
private struct Algorithm: @unchecked Sendable {
    let method: OpaquePointer?

    static let sha256 = Algorithm(method: EVP_MD_fetch(nil, "SHA2-256", nil))
}
