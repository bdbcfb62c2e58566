import GatewayService
import Glibc
import HTTP
import HTTPOutbound
import RPC
import ServiceAPI
import ServiceRuntime
import Storage
import Testing

/// A gateway on a free port over services in memory, with virtual time and a store of its own.
final class GatewayFixture: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
        let json: JSONValue

        var code: String? { json["code"]?.text }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let session = FakeSession()
    let credits = FakeCredits()
    let payments = FakePayments()
    let media = FakeMedia()
    let time = VirtualTime(start: Timestamp(microseconds: 1_750_000_000_000_000))
    let client = HTTPClient()
    let gateway: GatewayService
    let url: String
    private let loops: [EventLoop]
    private let server: Server
    private let channel: Channel
    private let folder: String
    private let document = Lock<JSONValue?>(nil)

    init(_ change: (inout GatewayConfiguration) -> Void = { _ in }) async throws {
        let loops = [EventLoop(name: "services"), EventLoop(name: "gateway")]
        let transport = InMemoryTransport()
        server = Server(
            identity: Identity(service: "fakes"),
            methods: SessionAPI.methods(session) + CreditsAPI.methods(credits)
                + PaymentsAPI.methods(payments) + MediaAPI.methods(media)
                + HealthAPI.methods(FakeHealth()),
            loops: [loops[0]], transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        channel = Channel(
            addresses: [address], identity: Identity(service: "gateway"), loop: loops[1],
            transport: transport)
        var template = Array("/tmp/gateway-test-XXXXXX".utf8CString)
        folder = String(cString: mkdtemp(&template))
        var configuration = GatewayConfiguration()
        configuration.store = "sqlite:\(folder)/gateway.db"
        configuration.hasRateLimits = false
        configuration.web = "\(folder)/web"
        change(&configuration)
        gateway = try await GatewayService(
            configuration: configuration, listen: SocketAddress(host: "127.0.0.1", port: 0),
            backends: Backends(
                session: channel, credits: channel, prompt: channel, media: channel,
                render: channel),
            loop: loops[1], time: time, random: .seeded(7), logger: .silent, metrics: Metrics())
        self.loops = loops
        url = "http://\(gateway.address)"
    }

    /// Runs a body and takes everything down again.
    static func with<R>(
        _ change: (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (GatewayFixture) async throws -> R
    ) async throws -> R {
        let fixture = try await GatewayFixture(change)
        let result: Result<R, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        await fixture.end()
        return try result.get()
    }

    private func end() async {
        await gateway.stop()
        client.stop()
        channel.close()
        await server.drain()
        for loop in loops { loop.stop() }
        for name in ["gateway.db", "gateway.db-wal", "gateway.db-shm", "gateway.db.lock"] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    /// Sends a request; every answer is checked against the OpenAPI document.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ body: String? = nil, token: String? = nil,
        headers: HTTPHeaders = [:], bytes: [UInt8]? = nil,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var request = HTTPClient.Request(method, url + path, headers: headers)
        if let token { request.headers.append("Authorization", "Bearer \(token)") }
        if let body {
            request.body = Array(body.utf8)
            if headers["Content-Type"] == nil {
                request.headers.append("Content-Type", "application/json")
            }
        }
        if let bytes { request.body = bytes }
        let response = try await client.send(request)
        let type = response.headers["Content-Type"] ?? ""
        let json =
            type.contains("json") ? (try? JSONValue(parsing: response.body)) ?? .null : .null
        let faults = try await validator().faults(
            method: method, path: String(path.prefix { $0 != "?" }), status: response.status,
            contentType: response.headers["Content-Type"], body: response.body)
        #expect(faults.isEmpty, "\(method) \(path): \(faults)", sourceLocation: location)
        return Answer(
            status: response.status, headers: response.headers, body: response.body, json: json)
    }

    func validator() async throws -> SchemaValidator {
        if let known = document.withLock({ $0 }) { return SchemaValidator(document: known) }
        let response = try await client.send(.init("GET", url + "/openapi.json"))
        let value = try JSONValue(parsing: response.body)
        document.withLock { $0 = value }
        return SchemaValidator(document: value)
    }

    /// A guest's token.
    func guest() async throws -> String {
        let answer = try await call("POST", "/api/auth/guest")
        return try #require(answer.json["token"]?.text)
    }

    /// A session of a user: its id.
    func start(_ token: String) async throws -> String {
        let answer = try await call(
            "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token)
        return try #require(answer.json["sessionId"]?.text)
    }
}
