import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing

@Suite(.timeLimit(.minutes(1))) struct `results on disk` {
    private func move(_ seed: Int, bytes: Int) throws -> RenderedMove {
        var specification = MoveSpecification(path: .still)
        specification.frames = 1
        let plan = try MovePlan(
            specification, of: source(upload()), scenes: SceneCache(budgetBytes: 64 << 20))
        let content = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* seed) }
        return RenderedMove(
            head: plan.head,
            pieces: [.poster([1, 2]), .frame(index: 3, bytes: content), .data([])])
    }

    private func key(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(number), count: 32)
    }

    private func open(
        _ folder: String, budget: Int = 1 << 20, time: any TimeSource = SystemTime()
    ) async throws -> ResultStore {
        try await ResultStore.open(
            "sqlite:\(folder)/render.db", folder: "\(folder)/results", budgetBytes: budget,
            time: time)
    }

    @Test func `a result outlives the process`() async throws {
        try await withTemporaryFolder { folder in
            let written = try move(7, bytes: 5000)
            let first = try await open(folder)
            try await first.keep(written, as: key(1))
            first.close()
            let second = try await open(folder)
            #expect(try await second.result(key(1)) == written)
            #expect(try await second.result(key(2)) == nil)
            second.close()
        }
    }

    @Test(arguments: [0, 3, 10, 2500, 5100])
    func `a damaged file is a miss and is forgotten`(_ place: Int) async throws {
        try await withTemporaryFolder { folder in
            let store = try await open(folder)
            try await store.keep(try move(7, bytes: 5000), as: key(1))
            let path = try #require(files(in: "\(folder)/results").first)
            var bytes = try readFile(path)
            bytes[place] ^= 0x40
            try writeFile(bytes, to: path)
            #expect(try await store.result(key(1)) == nil)
            #expect(try await store.heldBytes() == 0)
            #expect(files(in: "\(folder)/results").isEmpty)
            // A cut one as well, and one that is gone.
            try await store.keep(try move(7, bytes: 5000), as: key(1))
            try writeFile(Array(bytes.prefix(place)), to: path)
            #expect(try await store.result(key(1)) == nil)
            store.close()
        }
    }

    @Test func `what was not used for longest goes first`() async throws {
        try await withTemporaryFolder { folder in
            let store = try await open(folder, budget: 30_000)
            for number in 1...4 {
                try await store.keep(try move(number, bytes: 6000), as: key(number))
            }
            #expect(try await store.result(key(1)) != nil)
            try await store.keep(try move(5, bytes: 6000), as: key(5))
            #expect(try await store.result(key(1)) != nil)
            #expect(try await store.result(key(2)) == nil)
            #expect(try await store.result(key(5)) != nil)
            #expect(try await store.heldBytes() <= 30_000)
            // What would take the whole budget is not kept.
            try await store.keep(try move(6, bytes: 20_000), as: key(6))
            #expect(try await store.result(key(6)) == nil)
            #expect(files(in: "\(folder)/results").count == 4)
            store.close()
        }
    }

    @Test func `results that the index does not know are removed, other files are not`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let store = try await open(folder)
            try await store.keep(try move(1, bytes: 10), as: key(1))
            store.close()
            let name = String(repeating: "0a", count: 32)
            let (known, others) = (
                files(in: "\(folder)/results"),
                ["photo.jpg", "0000.part", name + ".txt", name.uppercased()]
            )
            for stray in [name, name + ".part"] + others {
                try writeFile([1, 2, 3], to: "\(folder)/results/\(stray)")
            }
            let again = try await open(folder)
            #expect(
                files(in: "\(folder)/results")
                    == (known + others.map { "\(folder)/results/\($0)" }).sorted())
            #expect(try await again.result(key(1)) != nil)
            again.close()
        }
    }

    @Test func `a service begun again answers from disk`() async throws {
        try await withTemporaryFolder { folder in
            var clips: [Harness.Clip] = []
            for _ in 0..<2 {
                let store = try await open(folder)
                try await withHarness(store: store) { harness in
                    let picture = try await harness.put(try upload())
                    clips.append(try await harness.clip(panLeft(picture.digest)))
                }
            }
            #expect(!clips[0].header.isCached && clips[1].header.isCached)
            #expect(clips[0].bytes == clips[1].bytes)
        }
    }
}
