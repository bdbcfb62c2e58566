import Foundation
import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

/// One user of the public API. Every answer is kept for the check against the OpenAPI document.
struct PublicAPI: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        /// The body as JSON; null when it is none.
        var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
        var code: String? { json["code"]?.text }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let set: RunningSet
    let token: String?

    /// A new guest with the starter grant.
    static func guest(_ set: RunningSet) async throws -> PublicAPI {
        let nobody = PublicAPI(set: set, token: nil)
        let answer = try await nobody.post("/api/auth/guest", .object([]))
        return PublicAPI(set: set, token: try #require(answer.json["token"]?.text))
    }

    func get(_ path: String, headers: HTTPHeaders = [:]) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    func post(
        _ path: String, _ body: JSONValue, key: String? = nil, headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        var headers = headers
        if let key { headers.append("Idempotency-Key", key) }
        return try await send("POST", path, body: body.bytes, headers: headers)
    }

    func send(
        _ method: String, _ path: String, body: [UInt8]? = nil, headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        var headers = headers
        if let token { headers.append("Authorization", "Bearer \(token)") }
        if body != nil, headers["Content-Type"] == nil {
            headers.append("Content-Type", "application/json")
        }
        let response = try await set.client.send(
            HTTPClient.Request(
                method, path.hasPrefix("http") ? path : set.url + path, headers: headers,
                body: body ?? [], timeout: .seconds(130)))
        let answer = Answer(
            status: response.status, headers: response.headers, body: response.body)
        Exchanges.record(method, path, answer)
        return answer
    }

    /// The user's events from the first on, until `isEnough` of their text.
    func events(until isEnough: @escaping @Sendable (String) -> Bool) async throws -> String {
        let received = Lock<[UInt8]>([])
        let request = HTTPClient.Request(
            "GET", set.url + "/api/events?after=0.0",
            headers: ["Authorization": "Bearer \(token ?? "")"], timeout: .seconds(60))
        // The receiver ends the transfer itself, once it has what it wanted.
        _ = try? await set.client.send(request) { piece in
            received.withLock { bytes in
                bytes += piece
                return !isEnough(String(decoding: bytes, as: UTF8.self))
            }
        }
        return String(decoding: received.withLock { $0 }, as: UTF8.self)
    }

    /// A generation once it has come to its end.
    func finishedGeneration(_ id: String) async throws -> Answer {
        let ends = ["completed", "failed", "cancelled"].map { "\"state\":\"\($0)\"" }
        _ = try await events { text in
            text.split(separator: "\n").contains { line in
                line.contains("\"\(id)\"") && ends.contains { line.contains($0) }
            }
        }
        return try await get("/api/generations/\(id)")
    }

    // MARK: The flow

    /// Starts a session and returns its id.
    func start(
        _ intent: String = "a fox crossing a frozen lake at dawn", key: String? = nil
    ) async throws -> String {
        let answer = try await post("/api/convergence/start", ["intent": .text(intent)], key: key)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["sessionId"]?.text)
    }

    func command(
        _ name: String, _ session: String, _ more: [(String, JSONValue)] = [],
        key: String? = nil
    ) async throws -> Answer {
        try await post(
            "/api/convergence/\(name)",
            .object(
                [JSONValue.Member("sessionId", .text(session))]
                    + more.map { JSONValue.Member($0.0, $0.1) }), key: key)
    }

    func select(
        _ session: String, _ dimension: String, _ option: String, key: String? = nil
    ) async throws -> Answer {
        try await command(
            "select", session,
            [("dimension", .text(dimension)), ("optionId", .text(option))], key: key)
    }

    /// Direction to lighting; the session is then at the camera motion.
    func chooseEverything(_ session: String) async throws {
        for (dimension, option) in [
            ("direction", "cinematic"), ("mood", "dramatic"), ("framing", "wide"),
            ("lighting", "golden_hour"),
        ] {
            let answer = try await select(session, dimension, option)
            #expect(answer.status == 200, "\(dimension): \(answer.text)")
        }
    }

    /// Balance and held credits as they are written.
    func credits() async throws -> (balance: String, held: String) {
        let answer = try await get("/api/credits")
        return (
            answer.json["balance"].map { String(decoding: $0.bytes, as: UTF8.self) } ?? "",
            answer.json["held"].map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        )
    }
}

/// Every JSON answer of the run, for `check_answers.py`.
enum Exchanges {
    private static let lines = Lock<[String]>([])

    static func record(_ method: String, _ path: String, _ answer: PublicAPI.Answer) {
        guard let type = answer.headers["Content-Type"], type.contains("json"),
            !path.hasPrefix("http"), path.hasPrefix("/api") || path.hasPrefix("/health")
        else { return }
        let route = path.split(separator: "?").first.map(String.init) ?? path
        lines.withLock {
            $0.append(
                "{\"method\":\(jsonText(method)),\"path\":\(jsonText(route)),"
                    + "\"status\":\(answer.status),\"type\":\(jsonText(type)),"
                    + "\"body\":\(answer.text)}")
        }
    }

    static var all: [String] { lines.withLock { $0 } }
}
