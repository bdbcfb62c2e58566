internal import Cryptography
package import ServiceRuntime
package import Wire

/// Bytes on disk under the name of their own SHA-256: the same bytes are kept once.
///
/// A file is written beside its place, flushed, moved there and its folder flushed; whoever sees
/// the name sees all of it. Nothing that a client sends takes part in a name. Which rows refer to a
/// blob is the store's business: ``exclusively(_:_:)`` keeps a row and its file together.
package final class BlobStore: Sendable {
    /// A digest, 32 bytes, and the length of what it is the digest of.
    package struct Blob: Hashable, Sendable {
        package let digest: [UInt8]
        package let bytes: Int

        package init(digest: [UInt8], bytes: Int) {
            precondition(digest.count == SHA256.digestBytes)
            self.digest = digest
            self.bytes = bytes
        }
    }

    /// When new bytes are refused.
    package struct SpaceLimit: Hashable, Sendable {
        package var freeBytesMin: UInt64 = 200 << 20
        package var freePercentMin: UInt64 = 5

        package init() {}
    }

    private static let pendingFolder = "tmp"

    private let root: BlobDirectory
    private let pending: BlobDirectory
    private let gate = KeyedGate<[UInt8]>()
    private let limit: SpaceLimit
    private let random: RandomSource
    private let threads: WorkerPool
    private let faults: MediaFaults

    /// Opens a folder and removes what an interrupted process left half written.
    /// - Parameter threads: Where files are read and written.
    package init(
        path: String, limit: SpaceLimit, random: RandomSource, threads: WorkerPool,
        faults: MediaFaults = .none
    ) throws(BlobError) {
        root = try BlobDirectory(path: path)
        try root.lockExclusively()
        pending = try BlobDirectory(root, Self.pendingFolder, isMade: true)
        self.limit = limit
        self.random = random
        self.threads = threads
        self.faults = faults
        for name in try pending.names() { try pending.remove(name) }
    }

    /// Lets another process have the folder. Last of all.
    package func close() { root.unlock() }

    // MARK: Writing

    /// Runs a body while nobody else stores or removes any of these digests.
    ///
    /// Who stores a row for a blob writes the file and commits the row inside one such section; who
    /// removes the last row removes the file inside one. So a row never lacks its file.
    nonisolated(nonsending) package func exclusively<R>(
        _ digests: [[UInt8]], _ body: () async throws -> R
    ) async throws -> R {
        let keys = Set(digests).sorted { $0.lexicographicallyPrecedes($1) }
        var entered: [[UInt8]] = []
        defer { for key in entered { gate.leave(key) } }
        for key in keys {
            try await gate.enter(key)
            entered.append(key)
        }
        return try await body()
    }

    /// The name that bytes would be kept under.
    package static func blob(of bytes: [UInt8]) -> Blob {
        Blob(digest: SHA256.digest(of: bytes), bytes: bytes.count)
    }

    /// Keeps bytes; returns when they are durable. Inside ``exclusively(_:_:)`` of their digest.
    /// - Throws: ``BlobError``, ``MediaFaults/Crash`` from a test.
    nonisolated(nonsending) package func write(_ bytes: [UInt8], as blob: Blob) async throws {
        assert(bytes.count == blob.bytes)
        try checkSpace()
        try await threads.run { [self] in try writeNow(bytes, as: blob) }
    }

    private func writeNow(_ bytes: [UInt8], as blob: Blob) throws {
        let (folder, name) = try place(of: blob.digest, isMade: true)
        if let present = try? folder.size(name), present == blob.bytes {
            // Whoever moved it here may have ended before the name was durable.
            return try folder.sync()
        }
        let temporary = "w" + Hex.encode(random.bytes(12))
        do {
            try writeTemporary(bytes, named: temporary)
            try faults.pass(.blobWritten)
            try pending.move(temporary, to: folder, as: name)
            try faults.pass(.blobMoved)
            try folder.sync()
        } catch {
            // A crash of a test leaves what a crash leaves; all else is tidied up at once.
            if error is BlobError { try? pending.remove(temporary) }
            throw error
        }
    }

    private func writeTemporary(_ bytes: [UInt8], named name: String) throws(BlobError) {
        let file = try pending.create(name)
        try file.append(bytes)
        try file.sync()
    }

    /// Removes a blob; no error when it is not there. Inside ``exclusively(_:_:)`` of its digest.
    nonisolated(nonsending) package func remove(_ digest: [UInt8]) async throws {
        try await threads.run { [self] in
            do {
                let (folder, name) = try place(of: digest, isMade: false)
                try folder.remove(name)
            } catch BlobError.missing {}
        }
    }

    // MARK: Reading

    /// Opens a blob; what was opened stays readable even when it is removed meanwhile.
    /// - Throws: ``BlobError/missing``, ``BlobError/damaged(_:)`` when its length is wrong.
    nonisolated(nonsending) package func open(_ blob: Blob) async throws -> OpenFile {
        try await threads.run { [self] in
            let (folder, name) = try place(of: blob.digest, isMade: false)
            let file = try folder.open(name)
            let size = try file.size()
            guard size == blob.bytes else {
                throw BlobError.damaged("\(name) has \(size) bytes instead of \(blob.bytes)")
            }
            return file
        }
    }

    /// Part of an open blob.
    nonisolated(nonsending) package func read(
        _ file: OpenFile, at offset: Int, count: Int
    ) async throws -> Bytes {
        try await threads.run {
            let block = Block.allocate(count)
            let buffer = UnsafeMutableRawBufferPointer(start: block.pointer, count: count)
            guard try file.read(into: buffer, at: offset) == count else {
                throw BlobError.damaged("a file became shorter")
            }
            return Bytes(block: block, count: count)
        }
    }

    /// All bytes of a blob.
    nonisolated(nonsending) package func readAll(_ blob: Blob) async throws -> Bytes {
        let file = try await open(blob)
        return try await read(file, at: 0, count: blob.bytes)
    }

    // MARK: Checking

    /// What is wrong with a blob on disk; nil when its bytes have its length and digest.
    nonisolated(nonsending) package func violation(of blob: Blob) async throws -> String? {
        try await threads.run { [self] in
            let name = Hex.encode(blob.digest)
            do {
                let (folder, name) = try place(of: blob.digest, isMade: false)
                let file = try folder.open(name)
                let size = try file.size()
                guard size == blob.bytes else {
                    return "\(name): \(size) bytes instead of \(blob.bytes)"
                }
                return try digest(of: file, bytes: size) == blob.digest
                    ? nil : "\(name): the bytes have another digest"
            } catch BlobError.missing {
                return "\(name): the file is missing"
            } catch BlobError.damaged(let detail) {
                return "\(name): \(detail)"
            }
        }
    }

    private func digest(of file: OpenFile, bytes: Int) throws(BlobError) -> [UInt8] {
        var hash = SHA256()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { piece.deallocate() }
        var offset = 0
        while offset < bytes {
            let count = try file.read(into: piece, at: offset)
            guard count > 0 else { throw .damaged("a file became shorter") }
            hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += count
        }
        return hash.finish()
    }

    /// Every digest on disk, and what lies there that is no blob.
    nonisolated(nonsending) package func list() async throws -> (
        digests: [[UInt8]], strangers: [String]
    ) {
        try await threads.run { [self] in
            var digests: [[UInt8]] = []
            var strangers: [String] = []
            for first in try root.names() where first != Self.pendingFolder {
                guard let folder = try? BlobDirectory(root, first, isMade: false) else {
                    strangers.append(first)
                    continue
                }
                for second in try folder.names() {
                    guard let inner = try? BlobDirectory(folder, second, isMade: false) else {
                        strangers.append("\(first)/\(second)")
                        continue
                    }
                    for name in try inner.names() {
                        let path = "\(first)/\(second)/\(name)"
                        guard name.hasPrefix(first + second), let digest = Hex.decode(name),
                            digest.count == SHA256.digestBytes, (try? inner.size(name)) != nil
                        else {
                            strangers.append(path)
                            continue
                        }
                        digests.append(digest)
                    }
                }
            }
            return (digests, strangers)
        }
    }

    /// Files that were begun more than an hour ago and never finished.
    nonisolated(nonsending) package func abandonedCount(now: Timestamp) async throws -> Int {
        try await threads.run { [self] in
            let oldest = now.microseconds / 1_000_000 - 3600
            return try pending.names().filter { name in
                pending.modifiedSeconds(name).map { $0 < oldest } ?? false
            }.count
        }
    }

    /// Files that are begun and not finished.
    package func pendingNames() throws(BlobError) -> [String] { try pending.names() }

    /// - Throws: ``BlobError/full`` when less is free than the limits ask for.
    package func checkSpace() throws(BlobError) {
        let (free, total) = try root.space()
        guard free >= limit.freeBytesMin, free * 100 >= total * limit.freePercentMin else {
            throw .full
        }
    }

    /// The folder and name of a digest: two levels of 256 keep each folder small.
    private func place(
        of digest: [UInt8], isMade: Bool
    ) throws(BlobError) -> (BlobDirectory, String) {
        let name = Hex.encode(digest)
        let first = try BlobDirectory(root, String(name.prefix(2)), isMade: isMade)
        let second = try BlobDirectory(
            first, String(name.dropFirst(2).prefix(2)), isMade: isMade)
        return (second, name)
    }
}
