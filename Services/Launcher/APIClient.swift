internal import HTTP
internal import HTTPOutbound
internal import ServiceRuntime

/// Calls the public API as anybody would.
struct APIClient: Sendable {
    let url: String
    let client: HTTPClient
    var token: String?

    /// Sends JSON and takes JSON.
    /// - Throws: ``LauncherFailure`` with the problem's own sentence for any answer but 2xx.
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, key: String? = nil
    ) async throws -> JSONValue {
        let response = try await send(method, path, body: body?.bytes, key: key)
        guard let value = try? JSONValue(parsing: response.body) else {
            throw LauncherFailure("\(method) \(path) did not answer with JSON")
        }
        return value
    }

    /// The bytes behind a link of an answer.
    func download(_ link: String) async throws -> [UInt8] {
        try await send("GET", link, body: nil, key: nil).body
    }

    private static func sentence(_ error: HTTPClientError, _ url: String) -> String {
        switch error {
        case .cannotConnect:
            "nothing answers at \(url); start a set with `convergence up`, or leave out --url"
        case .timedOut: "\(url) did not answer in time; look at its logs"
        case .invalidRequest(let reason): "\(url) cannot be asked: \(reason)"
        case .tooLarge(let limit): "\(url) sent more than \(limit) bytes"
        case .cancelled: "interrupted"
        case .failed(let reason): "\(url) could not be asked: \(reason)"
        }
    }

    private static let retriesMax = 5

    private func attempt(
        _ request: HTTPClient.Request
    ) async throws -> HTTPClient.Response {
        do throws(HTTPClientError) {
            return try await client.send(request)
        } catch {
            throw LauncherFailure(Self.sentence(error, url))
        }
    }

    /// How long the server asks to wait before the same request is sent again; nil when it does not.
    /// The same Idempotency-Key goes with it, so that nothing is done twice.
    private static func wait(_ response: HTTPClient.Response) -> Duration? {
        guard response.status == 429 || response.status == 503,
            let seconds = response.headers["Retry-After"].flatMap({ Int($0) }), seconds <= 10
        else { return nil }
        return .seconds(max(1, seconds))
    }

    private func send(
        _ method: String, _ path: String, body: [UInt8]?, key: String?
    ) async throws -> HTTPClient.Response {
        var headers: HTTPHeaders = ["Accept": "*/*"]
        if let token { headers.append("Authorization", "Bearer \(token)") }
        if body != nil { headers.append("Content-Type", "application/json") }
        if let key { headers.append("Idempotency-Key", key) }
        let target = path.hasPrefix("http") ? path : url + path
        let request = HTTPClient.Request(
            method, target, headers: headers, body: body ?? [], timeout: .seconds(150))
        var response = try await attempt(request)
        var retries = 0
        while let wait = Self.wait(response), retries < Self.retriesMax {
            retries += 1
            try await Task.sleep(for: wait)
            response = try await attempt(request)
        }
        guard (200...299).contains(response.status) else {
            let problem = try? JSONValue(parsing: response.body)
            throw LauncherFailure(
                "\(method) \(path): \(response.status) \(problem?["code"]?.text ?? "") "
                    + (problem?["detail"]?.text ?? ""))
        }
        return response
    }
}
