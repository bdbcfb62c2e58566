/// What stands at `/` where the studio was not built.
enum UnbuiltPage {
    static var html: String {
        Page(
            title: "Convergence",
            body: """
                <main>
                <h1>Convergence</h1>
                <p>The studio is not built here. Run <code>make web</code> (or <code>make run</code>,
                which does it by itself) and start the gateway again; it looks for the directory
                <code>web</code> beside its executable, or where <code>GATEWAY_WEB</code> says.</p>
                <h2>What is here</h2>
                <p>The <a href="/status">state of the services</a>, the
                <a href="/docs">documentation of the API</a> and its
                <a href="/openapi.json">OpenAPI document</a>.</p>
                </main>
                """
        ).html
    }
}
