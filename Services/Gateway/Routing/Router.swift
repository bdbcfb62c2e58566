internal import HTTP

/// Finds the route of a request.
struct Router: Sendable {
    enum Match {
        case found(index: Int, parameters: [String])
        /// The path exists with other methods.
        case wrongMethod(allowed: [String])
        case unknown
    }

    let routes: [Route]
    private let literal: [String: [(method: String, index: Int)]]
    private let templates: [Int: [(segments: [String?], method: String, index: Int)]]

    init(_ routes: [Route]) {
        self.routes = routes
        var literal: [String: [(String, Int)]] = [:]
        var templates: [Int: [([String?], String, Int)]] = [:]
        for (index, route) in routes.enumerated() {
            let segments = route.segments
            if segments.contains(where: { $0 == nil }) {
                templates[segments.count, default: []].append((segments, route.method, index))
            } else {
                literal[route.template, default: []].append((route.method, index))
            }
        }
        self.literal = literal
        self.templates = templates
    }

    /// HEAD is answered by the route of GET. A trailing slash is another path.
    func match(method: String, path: String) -> Match {
        let method = method == "HEAD" ? "GET" : method
        if let entries = literal[path] {
            if let entry = entries.first(where: { $0.method == method }) {
                return .found(index: entry.index, parameters: [])
            }
            return .wrongMethod(allowed: allowed(entries.map(\.method)))
        }
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        guard !path.hasSuffix("/"), let candidates = templates[parts.count] else { return .unknown }
        var others: [String] = []
        for candidate in candidates {
            var parameters: [String] = []
            var isSame = true
            for (part, segment) in zip(parts, candidate.segments) {
                if let segment {
                    isSame = segment.utf8.elementsEqual(part)
                } else if let value = PercentCoding.decode(part) {
                    parameters.append(value)
                } else {
                    isSame = false
                }
                if !isSame { break }
            }
            guard isSame else { continue }
            if candidate.method == method {
                return .found(index: candidate.index, parameters: parameters)
            }
            others.append(candidate.method)
        }
        return others.isEmpty ? .unknown : .wrongMethod(allowed: allowed(others))
    }

    private func allowed(_ methods: [String]) -> [String] {
        var methods = Set(methods)
        if methods.contains("GET") { methods.insert("HEAD") }
        methods.insert("OPTIONS")
        return methods.sorted()
    }
}
