import MediaService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

struct MediaConfigurationTests {
    private func configuration(
        _ environment: [String: String]
    ) throws(ConfigurationError) -> MediaConfiguration {
        var reader = try ConfigurationReader(prefix: "MEDIA", environment: environment)
        let configuration = MediaConfiguration(&reader)
        try reader.finish()
        return configuration
    }

    private func providers(_ environment: [String: String]) throws -> Providers {
        let loop = EventLoop(name: "test")
        defer { loop.stop() }
        let channel = Channel(
            addresses: [SocketAddress(host: "127.0.0.1", port: 1)],
            identity: Identity(service: "media"), loop: loop, transport: InMemoryTransport())
        return try Providers(
            configuration(environment), render: RenderAPI.Client(channel),
            drawing: WorkerPool(threads: 1, name: "test"), time: VirtualTime())
    }

    @Test func `nothing needs to be set`() throws {
        let configuration = try configuration([:])
        #expect(configuration.limits == JobLimits())
        #expect(configuration.rules == JobRules())
        #expect(try configuration.blobsPath() == "data/media/blobs")
        #expect(try providers([:]).image.map(\.identity.id) == ["local"])
    }

    @Test(arguments: [
        ["MEDIA_LEASE": "soon"], ["MEDIA_USER_RUNNING_MAX": "0"], ["MEDIA_CLAIM_MAX": "5"],
        ["RENDER_ADDRESS": "nowhere"],
    ])
    func `a wrong setting is refused`(_ environment: [String: String]) {
        #expect(throws: ConfigurationError.self) { try configuration(environment) }
    }

    @Test func `other blob stores are not there yet`() throws {
        let configuration = try configuration(["MEDIA_BLOBS": "s3://bucket"])
        #expect(throws: ConfigurationError.self) { try configuration.blobsPath() }
    }

    @Test func `the provider of faults needs leave`() throws {
        #expect(throws: ConfigurationError.self) {
            try providers(["MEDIA_IMAGE_PROVIDER": "fault:fail@tense"])
        }
        let allowed = [
            "MEDIA_IMAGE_PROVIDER": "fault:fail@tense", "MEDIA_ALLOW_FAULT_PROVIDER": "on",
        ]
        #expect(try providers(allowed).image.map(\.identity.id) == ["fault"])
        #expect(throws: ConfigurationError.self) {
            try providers(allowed.merging(["MEDIA_IMAGE_PROVIDER": "fault:boom"]) { $1 })
        }
        #expect(throws: ConfigurationError.self) {
            try providers(["MEDIA_VIDEO_PROVIDER": "luma"])
        }
    }
}
