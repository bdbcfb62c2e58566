import MediaService
import ServiceRuntime
import Testing

struct CollectorTests {
    private let fixture = MediaFixture()

    private func age(_ hours: Int) { fixture.time.advance(by: .seconds(hours * 3600)) }

    @Test func `what nobody refers to goes after a day, with its file`() async throws {
        try await fixture.idle { service in
            let asset = try await service.keepPicture(1)
            age(23)
            #expect(try await service.collector.collect() == 0)
            age(1)
            #expect(try await service.collector.collect() == 1)
            #expect(try await service.library.store.asset(asset.id) == nil)
            #expect(try await service.library.blobs.list().digests.isEmpty)
        }
    }

    @Test func `what is referred to stays, and goes a day after the last reference`() async throws {
        try await fixture.idle { service in
            let store = service.library.store
            let asset = try await service.keepPicture(1)
            try await store.setReferences(of: "ses_1", to: [asset.id])
            try await store.setReferences(of: "ses_2", to: [asset.id])
            age(100)
            #expect(try await service.collector.collect() == 0)
            try await store.setReferences(of: "ses_1", to: [])
            age(100)
            #expect(try await service.collector.collect() == 0)
            try await store.setReferences(of: "ses_2", to: [])
            age(23)
            #expect(try await service.collector.collect() == 0)
            age(1)
            #expect(try await service.collector.collect() == 1)
        }
    }

    @Test func `bytes stay as long as one row names them`() async throws {
        try await fixture.idle { service in
            let first = try await service.keepPicture(1)
            let second = try await service.keepPicture(1, user: "bob")
            #expect(first.blob == second.blob)
            try await service.library.store.setReferences(of: "ses_1", to: [second.id])
            age(25)
            #expect(try await service.collector.collect() == 1)
            #expect(try await service.library.store.asset(first.id) == nil)
            #expect(try await service.library.blobs.violation(of: second.blob) == nil)
            #expect(try await service.collector.verify().violations.isEmpty)
        }
    }

    @Test func `a reference to a companion keeps the picture, and the other way round`()
        async throws
    {
        try await fixture.idle { service in
            let picture = try await service.keepPicture(1)
            let depth = try await service.derivations.depth(of: picture.id, userID: "ann").asset
            let store = service.library.store
            try await store.setReferences(of: "ses_1", to: [depth.id])
            age(100)
            #expect(try await service.collector.collect() == 0)
            try await store.setReferences(of: "ses_1", to: [picture.id])
            age(100)
            #expect(try await service.collector.collect() == 0)
            #expect(try await store.asset(depth.id) != nil)
            try await store.setReferences(of: "ses_1", to: [])
            age(25)
            #expect(try await service.collector.collect() == 1)
            #expect(try await service.assets().isEmpty)
            #expect(try await service.library.blobs.list().digests.isEmpty)
        }
    }

    @Test func `an asset that is gone is left out of a list and keeps nothing else from it`()
        async throws
    {
        try await fixture.idle { service in
            let store = service.library.store
            let asset = try await service.keepPicture(1)
            let unknown = try await store.setReferences(of: "ses_1", to: ["ast_none", asset.id])
            #expect(unknown == ["ast_none"])
            age(100)
            #expect(try await service.collector.collect() == 0)
        }
    }

    @Test func `many are collected in one round, and none of those in use`() async throws {
        try await fixture.idle { service in
            var kept: [String] = []
            for number in 0..<120 {
                let bytes = [UInt8](repeating: UInt8(number % 200), count: 50 + number)
                var asset = AssetRecord(
                    id: "ast_\(number)", blob: BlobStore.blob(of: bytes),
                    contentType: "image/png", userID: "ann", provider: "p",
                    createdAt: fixture.time.now.microseconds)
                asset.width = 1
                asset.height = 1
                let new = NewAsset(record: asset, bytes: bytes)
                try await service.library.keep([new]) {
                    try await service.library.store.insert($0)
                }
                if number % 10 == 0 { kept.append(asset.id) }
            }
            try await service.library.store.setReferences(of: "ses_1", to: kept)
            age(25)
            #expect(try await service.collector.collect() == 108)
            #expect(Set(try await service.assets().map(\.id)) == Set(kept))
            #expect(try await service.collector.verify().violations.isEmpty)
        }
    }

    @Test func `a file that no row names goes at the next start`() async throws {
        try await fixture.idle { service in
            let bytes: [UInt8] = [1, 2, 3]
            let blob = BlobStore.blob(of: bytes)
            try await service.library.blobs.exclusively([blob.digest]) {
                try await service.library.blobs.write(bytes, as: blob)
            }
            _ = try await service.keepPicture(1)
            #expect(try await service.library.blobs.list().digests.count == 2)
        }
        try await fixture.idle { service in
            let files = try await service.library.blobs.list().digests
            #expect(files.count == 1)
        }
    }

    @Test func `verify names a missing file`() async throws {
        try await fixture.idle { service in
            let asset = try await service.keepPicture(1)
            try await service.library.blobs.remove(asset.blob.digest)
            let report = try await service.collector.verify()
            #expect(report.assets == 1)
            #expect(report.violations.count == 1)
            #expect(report.violations[0].contains(asset.id))
        }
    }
}
