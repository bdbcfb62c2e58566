import ImageCodec
import MediaService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

struct MediaHandlerTests {
    private static let options = CallOptions(timeout: .seconds(30), mayRetry: false)

    /// Serves a fixture over an in-memory transport.
    private func withClient(
        _ fixture: MediaFixture = MediaFixture(),
        _ body: (MediaAPI.Client, MediaService) async throws -> Void
    ) async throws {
        let transport = InMemoryTransport()
        let loops = [EventLoop(name: "server"), EventLoop(name: "client")]
        try await fixture.running { service in
            let server = Server(
                identity: Identity(service: "media"),
                methods: MediaAPI.methods(MediaHandler(service)), loops: [loops[0]],
                transport: transport)
            let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
            let channel = Channel(
                addresses: [address], identity: Identity(service: "session"), loop: loops[1],
                transport: transport)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(MediaAPI.Client(channel), service))
            } catch {
                result = .failure(error)
            }
            channel.close()
            await server.drain()
            try result.get()
        }
        for loop in loops { loop.stop() }
    }

    private func put(
        _ client: MediaAPI.Client, _ bytes: [UInt8], type: String = "image/png",
        declaredBytes: Int? = nil, user: String = "ann"
    ) async throws -> MediaAPI.Asset {
        try await client.putAsset(Self.options) { writer throws(RPCError) in
            try await writer.write(
                .init(
                    part: .header(
                        .init(
                            userID: user, declaredContentType: type,
                            bytes: UInt64(declaredBytes ?? bytes.count)))))
            var rest = bytes[...]
            while !rest.isEmpty {
                try await writer.write(.init(part: .data(Bytes(Array(rest.prefix(100_000))))))
                rest = rest.dropFirst(100_000)
            }
        }
    }

    private func read(
        _ client: MediaAPI.Client, _ id: String, offset: UInt64 = 0, length: UInt64 = 0,
        user: String = "ann"
    ) async throws -> (header: MediaAPI.Asset?, bytes: [UInt8], chunkMax: Int) {
        let stream = try await client.readAsset(
            .init(id: id, userID: user, offset: offset, length: length), Self.options)
        var header: MediaAPI.Asset?
        var bytes: [UInt8] = []
        var chunkMax = 0
        while let chunk = try await stream.next() {
            switch chunk.part {
            case .header(let asset): header = asset
            case .data(let data):
                bytes += Array(data)
                chunkMax = max(chunkMax, data.count)
            case nil: break
            }
        }
        return (header, bytes, chunkMax)
    }

    @Test func `an upload can be read whole and in ranges`() async throws {
        try await withClient { client, _ in
            // Noise does not compress: the file has several chunks.
            let random = RandomSource.seeded(3)
            let png = try ImageCodec.encodePNG(
                rgb: random.bytes(600 * 500 * 3), width: 600, height: 500)
            let asset = try await put(client, png)
            #expect(asset.id.hasPrefix("ast_"))
            #expect(asset.contentType == "image/png")
            let whole = try await read(client, asset.id)
            #expect(whole.header == asset)
            #expect(whole.bytes.count == Int(asset.bytes))
            #expect(whole.chunkMax <= 256 << 10)
            #expect(whole.bytes.count > 600_000)
            let size = asset.bytes
            for (offset, length) in [
                (UInt64(0), UInt64(1)), (1, 300_000), (262_144, 262_144), (size - 1, 0),
                (size - 1, 100), (size, 0), (5, size),
            ] {
                let end = length == 0 ? size : min(size, offset + length)
                let part = try await read(client, asset.id, offset: offset, length: length)
                #expect(part.bytes == Array(whole.bytes[Int(offset)..<Int(end)]))
            }
            await #expect(throws: RPCError.self) {
                _ = try await read(client, asset.id, offset: size + 1)
            }
        }
    }

    @Test func `a stranger's asset looks like none`() async throws {
        try await withClient { client, _ in
            let asset = try await put(client, try Samples.png(1))
            let foreign = await code {
                _ = try await client.getAsset(
                    .init(id: asset.id, userID: "bob"), Self.options)
            }
            let none = await code {
                _ = try await client.getAsset(.init(id: "ast_no", userID: "bob"), Self.options)
            }
            #expect(foreign == "ASSET_NOT_FOUND")
            #expect(none == foreign)
            #expect(
                await code { _ = try await read(client, asset.id, user: "bob") } == foreign)
            // A service that asks for itself sees all.
            #expect(try await client.getAsset(.init(id: asset.id), Self.options) == asset)
        }
    }

    private func code(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "OK"
        } catch let error as RPCError {
            return error.domainCode
        } catch {
            return "\(error)"
        }
    }

    @Test func `bad uploads get their codes`() async throws {
        try await withClient { client, service in
            let png = try Samples.png(1)
            let cases: [(String, String, [UInt8], Int?)] = [
                ("UNSUPPORTED_IMAGE", "image/jpeg", png, nil),
                ("UNSUPPORTED_IMAGE", "image/png", [UInt8](repeating: 65, count: 400_000), nil),
                ("IMAGE_INVALID", "image/png", png, png.count + 5),
                ("IMAGE_INVALID", "image/png", [], 0),
                ("IMAGE_TOO_LARGE", "image/png", png, 11 << 20),
                ("IMAGE_TOO_LARGE", "image/png", png + [UInt8](repeating: 0, count: 11 << 20), 0),
            ]
            for (expected, type, bytes, declared) in cases {
                let found = await code {
                    _ = try await put(client, bytes, type: type, declaredBytes: declared)
                }
                #expect(found == expected)
            }
            #expect(await code { _ = try await put(client, png, user: "") } == "VALIDATION_FAILED")
            #expect(try await service.assets().isEmpty)
        }
    }

    @Test func `a watch tells the present state, the changes and the end`() async throws {
        let gate = Lock(false)
        let provider = ScriptedImageProvider { request, attempt in
            attempt.progress(0.5)
            while !gate.withLock({ $0 }) {
                try Task.checkCancellation()
                await Task.yield()
            }
            return try ScriptedImageProvider.draw(request)
        }
        try await withClient(MediaFixture(image: provider)) { client, _ in
            let jobs = try await client.createJobs(
                .init(
                    userID: "ann", owner: "op",
                    jobs: [MediaFixture.image("r1"), MediaFixture.image("r2", "a bear")]),
                Self.options
            ).jobs
            let stream = try await client.watchJobs(.init(ids: jobs.map(\.id)), Self.options)
            var last: [String: MediaAPI.Job] = [:]
            var seen = 0
            while let job = try await stream.next() {
                seen += 1
                if job.state == .generating, job.progress == 0.5 { gate.withLock { $0 = true } }
                last[job.clientReference] = job
            }
            #expect(last.values.allSatisfy { $0.state == .completed && $0.progress == 1 })
            #expect(last.values.allSatisfy { $0.asset?.contentType == "image/jpeg" })
            #expect(seen >= 4)
            let again = try await client.getJobs(
                .init(clientReferences: ["r1", "unknown"]), Self.options)
            #expect(again.jobs.count == 1)
            #expect(
                await code {
                    let stream = try await client.watchJobs(.init(ids: ["no"]), Self.options)
                    _ = try await stream.next()
                } == "JOB_NOT_FOUND")
        }
    }

    @Test func `the same reference is the same job, another recipe is refused`() async throws {
        try await withClient { client, _ in
            func create(_ intent: String) async throws -> MediaAPI.JobsReply {
                try await client.createJobs(
                    .init(userID: "ann", owner: "op", jobs: [MediaFixture.image("r1", intent)]),
                    Self.options)
            }
            let first = try await create("a fox")
            #expect(try await create("a fox").jobs[0].id == first.jobs[0].id)
            #expect(await code { _ = try await create("a bear") } == "REFERENCE_TAKEN")
        }
    }

    @Test func `too many jobs of one user are refused`() async throws {
        let fixture = MediaFixture { $0.limits.userQueuedMax = 2 }
        try await fixture.idle { service in
            let handler = MediaHandler(service)
            let context = CallContext(
                deadline: .distantFuture, metadata: .none, caller: "session")
            let error = await #expect(throws: RPCError.self) {
                _ = try await handler.createJobs(
                    .init(
                        userID: "ann", owner: "op",
                        jobs: (1...3).map { MediaFixture.image("r\($0)") }), context)
            }
            #expect(error?.domainCode == "TOO_MANY_IN_FLIGHT")
            #expect(error?.isRetryable == true)
            let counts = try await service.library.store.counts()
            #expect(counts.queued == 0)
        }
    }

    @Test func `a disk that is nearly full takes no new work`() async throws {
        let fixture = MediaFixture { $0.space.freeBytesMin = .max / 1024 }
        try await fixture.idle { service in
            await #expect(throws: MediaError.storageLow) {
                try await service.create([MediaFixture.image("r1")])
            }
            #expect(await service.faults().map(\.name) == ["disk"])
        }
    }

    @Test func `references, verification and providers are served`() async throws {
        let fixture = MediaFixture()
        try await withClient(fixture) { client, service in
            let asset = try await put(client, try Samples.png(1))
            _ = try await client.setReferences(
                .init(owner: "ses_1", assetIDs: [asset.id]), Self.options)
            let report = try await client.verifyAssets(.init(), Self.options)
            #expect(report.assets == 1)
            #expect(report.violations.isEmpty)
            let providers = try await client.listProviders(.init(), Self.options).providers
            #expect(Set(providers.map(\.step)) == ["image", "video", "depth"])
            let depth = try await client.ensureDepth(
                .init(assetID: asset.id, userID: "ann"), Self.options)
            #expect(depth.provider == "heuristic")
            #expect(depth.depth?.contentType == "image/png")
            let move = try await client.ensureMove(
                .init(assetID: asset.id, userID: "ann", path: .init(end: .init(x: 0.2))),
                Self.options)
            #expect(move.contentType == "video/mp4")
            _ = try await client.ensureMove(
                .init(
                    assetID: asset.id, userID: "ann",
                    path: .init(motionID: "orbit_loop", durationSeconds: 4)), Self.options)
            let asked = fixture.video.requests.last
            #expect(asked?.move.name == "orbit_loop" && asked?.frames == 60)
            // Half a second is the least that the renderer takes.
            _ = try await client.ensureMove(
                .init(
                    assetID: asset.id, userID: "ann",
                    path: .init(motionID: "push_in", durationSeconds: 0.1)), Self.options)
            #expect(fixture.video.requests.last?.frames == 8)
        }
    }
}
