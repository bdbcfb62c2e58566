internal import Cryptography
internal import Glibc
internal import Storage

/// Heads of the chain, apart from the store: "sequence hash" a line, only ever appended. Who rewrites
/// the ledger, or puts an older copy back, would have to rewrite this too; so keep copies elsewhere.
struct WitnessFile: Sendable {
    let path: String

    /// Appends a head and waits for the disk.
    ///
    /// - Throws: ``StorageError/io(_:)``.
    func append(_ head: LedgerHead) throws(StorageError) {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        // Begins with a line end, so that a line that a crash tore stays alone.
        let line = Array("\n\(head.sequence) \(Self.text(head.hash))\n".utf8)
        guard write(descriptor, line, line.count) == line.count, fsync(descriptor) == 0 else {
            throw failure()
        }
    }

    /// The hashes by sequence; empty when there is no file. Torn lines are left out.
    ///
    /// - Throws: ``StorageError/io(_:)``.
    func heads() throws(StorageError) -> [Int64: [UInt8]] {
        guard let file = fopen(path, "re") else {
            guard errno == ENOENT else { throw failure() }
            return [:]
        }
        defer { fclose(file) }
        var heads: [Int64: [UInt8]] = [:]
        var buffer = [CChar](repeating: 0, count: 256)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let end = buffer.firstIndex(of: 0) ?? buffer.count
            let line = String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
            let parts = line.split { $0 == " " || $0 == "\n" }
            guard line.hasSuffix("\n"), parts.count == 2, let sequence = Int64(parts[0]),
                let hash = Self.bytes(parts[1])
            else { continue }
            heads[sequence] = hash
        }
        return heads
    }

    private func failure() -> StorageError {
        .io("\(path): \(String(cString: strerror(errno)))")
    }

    private static func text(_ hash: [UInt8]) -> String {
        hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count == 2 * SHA256.digestBytes else {
            return nil
        }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
