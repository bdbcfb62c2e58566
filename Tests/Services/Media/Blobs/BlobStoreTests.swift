import Cryptography
import Glibc
import MediaService
import ServiceRuntime
import Testing

struct BlobStoreTests {
    private let folder = TemporaryFolder()
    private let threads = WorkerPool(threads: 2, name: "test-blobs")

    private var root: String { folder.path + "/blobs" }

    private func open(
        limit: BlobStore.SpaceLimit = BlobStore.SpaceLimit(), faults: MediaFaults = .none
    ) throws -> BlobStore {
        try BlobStore(
            path: root, limit: limit, random: .seeded(1), threads: threads, faults: faults)
    }

    private func put(_ bytes: [UInt8], in store: BlobStore) async throws -> BlobStore.Blob {
        let blob = BlobStore.blob(of: bytes)
        try await store.exclusively([blob.digest]) { try await store.write(bytes, as: blob) }
        return blob
    }

    private func file(of blob: BlobStore.Blob) -> String {
        let name = Hex.encode(blob.digest)
        return "\(root)/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)"
    }

    @Test func `bytes come back from under their digest, readable by their owner only`()
        async throws
    {
        let store = try open()
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let blob = try await put(bytes, in: store)
        #expect(try await Array(store.readAll(blob)) == bytes)
        var status = stat()
        #expect(stat(file(of: blob), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try store.pendingNames().isEmpty)
    }

    @Test func `the same bytes are one file`() async throws {
        let store = try open()
        let blob = try await put([1, 2, 3], in: store)
        #expect(try await put([1, 2, 3], in: store) == blob)
        #expect(try await store.list().digests == [blob.digest])
    }

    @Test func `a part is read where it lies`() async throws {
        let store = try open()
        let blob = try await put((0..<100).map { UInt8($0) }, in: store)
        let file = try await store.open(blob)
        #expect(try await Array(store.read(file, at: 10, count: 5)) == [10, 11, 12, 13, 14])
    }

    @Test func `an open file outlives its removal`() async throws {
        let store = try open()
        let blob = try await put([4, 5, 6], in: store)
        let file = try await store.open(blob)
        try await store.remove(blob.digest)
        try await store.remove(blob.digest)
        #expect(try await Array(store.read(file, at: 0, count: 3)) == [4, 5, 6])
        await #expect(throws: BlobError.missing) { try await store.open(blob) }
    }

    @Test func `a link in place of a file is refused`() async throws {
        let store = try open()
        let blob = try await put([7, 7, 7], in: store)
        let outside = folder.path + "/outside"
        #expect(rename(file(of: blob), outside) == 0)
        #expect(symlink(outside, file(of: blob)) == 0)
        await #expect(throws: (any Error).self) { try await store.open(blob) }
        #expect(try await store.violation(of: blob) != nil)
        #expect(try await store.list().strangers.count == 1)
    }

    @Test func `a link in place of a folder is refused`() async throws {
        let store = try open()
        let blob = BlobStore.blob(of: [8, 8])
        let name = Hex.encode(blob.digest)
        let outside = folder.path + "/elsewhere"
        #expect(mkdir(outside, 0o700) == 0)
        #expect(symlink(outside, "\(root)/\(name.prefix(2))") == 0)
        await #expect(throws: (any Error).self) { try await put([8, 8], in: store) }
        #expect(try store.pendingNames().isEmpty)
    }

    @Test func `damage is found by length and by digest`() async throws {
        let store = try open()
        let blob = try await put([1, 1, 2, 3, 5], in: store)
        #expect(try await store.violation(of: blob) == nil)
        let path = file(of: blob)
        var handle = try #require(fopen(path, "r+"))
        fputc(9, handle)
        fclose(handle)
        #expect(try await store.violation(of: blob) != nil)
        handle = try #require(fopen(path, "a"))
        fputc(9, handle)
        fclose(handle)
        await #expect(throws: (any Error).self) { try await store.open(blob) }
    }

    @Test func `what was left half written goes at the next start`() async throws {
        let crashing = try open(
            faults: MediaFaults { point in
                if point == .blobWritten { throw MediaFaults.Crash() }
            })
        await #expect(throws: MediaFaults.Crash.self) { try await put([3, 1, 4], in: crashing) }
        #expect(try crashing.pendingNames().count == 1)
        crashing.close()
        let again = try open()
        #expect(try again.pendingNames().isEmpty)
        #expect(try await again.list().digests.isEmpty)
    }

    @Test func `a second process is kept out`() throws {
        let store = try open()
        #expect(throws: BlobError.inUse) { try open() }
        store.close()
    }

    @Test func `a full disk refuses new bytes and still reads old ones`() async throws {
        let store = try open()
        let blob = try await put([2, 7, 1], in: store)
        store.close()
        var limit = BlobStore.SpaceLimit()
        limit.freeBytesMin = .max / 1024
        let full = try open(limit: limit)
        await #expect(throws: BlobError.full) { try await put([8, 2, 8], in: full) }
        #expect(try await Array(full.readAll(blob)) == [2, 7, 1])
    }

    @Test func `those who wait for a digest pass one at a time, and may give up`() async throws {
        let gate = KeyedGate<Int>()
        let inside = Lock((now: 0, most: 0, total: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await gate.pass(1) {
                        inside.withLock {
                            $0.now += 1; $0.most = max($0.most, $0.now)
                        }
                        await Task.yield()
                        inside.withLock {
                            $0.now -= 1; $0.total += 1
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.withLock { $0.most } == 1)
        #expect(inside.withLock { $0.total } == 50)

        try await gate.enter(2)
        let waiting = Task { try await gate.enter(2) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.leave(2)
        try await gate.enter(2)
        gate.leave(2)
    }
}
