internal import ServiceProcess

/// The page at `/status`: that the service is up, and where everything is.
enum StatusPage {
    static func html(_ services: [(name: String, isUp: Bool, detail: String)]) -> String {
        let items = services.map { service in
            let state = service.isUp ? "up" : "not ready"
            let detail = service.detail.isEmpty ? "" : ": " + Page.escaped(service.detail)
            return "<li><strong>\(Page.escaped(service.name))</strong>"
                + "<span class=\"\(service.isUp ? "good" : "bad")\">\(state)</span>\(detail)</li>"
        }
        let isUp = services.allSatisfy(\.isUp)
        return Page(
            title: "State of the services",
            body: """
                <main>
                <h1>Convergence</h1>
                <p><a href="/">To the studio</a></p>
                <p>Version \(Page.escaped(convergenceVersion)). \
                \(isUp ? "Everything is up." : "Some services are not ready.")</p>
                <h2>Services</h2>
                <ul class="services">
                \(items.joined(separator: "\n"))
                </ul>
                <h2>For programs</h2>
                <p>The <a href="/docs">documentation of the API</a> is made from the
                <a href="/openapi.json">OpenAPI document</a>.</p>
                </main>
                """
        ).html
    }
}
