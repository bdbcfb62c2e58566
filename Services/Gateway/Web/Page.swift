/// The frame of the pages that the gateway writes itself: no script, nothing from elsewhere.
struct Page {
    let title: String
    let body: String
    var stylesheet = "/page.css"

    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; "
        + "base-uri 'none'; form-action 'none'"

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="dark light">
        <title>\(Self.escaped(title))</title>
        <link rel="stylesheet" href="\(stylesheet)">
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }

    static let style = """
        :root { color-scheme: dark light; --ink: #e8eaf2; --dim: #9aa1b5; --ground: #0d0e12;
          --panel: #15171d; --line: #262a35; --accent: #8b7cf6; --good: #5dd39e; --bad: #f2728c; }
        @media (prefers-color-scheme: light) { :root { --ink: #181a22; --dim: #565d70;
          --ground: #f6f6fa; --panel: #ffffff; --line: #dcdee8; --accent: #5646d6;
          --good: #0b7a4b; --bad: #b3123a; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 62rem; padding: 3rem 1.25rem; background: var(--ground);
          color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
        h1 { font-size: 2rem; margin: 0 0 .25rem; letter-spacing: -.02em; }
        h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; color: var(--dim); }
        p { margin: .25rem 0 1rem; color: var(--dim); }
        a { color: var(--accent); }
        a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent);
          outline-offset: 3px; }
        ul.services { list-style: none; padding: 0; display: grid; gap: .5rem;
          grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); }
        ul.services li, details { background: var(--panel); border: 1px solid var(--line);
          border-radius: .6rem; padding: .75rem 1rem; }
        ul.services strong { display: block; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        details { margin: .4rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
        code, pre { font: .875rem/1.5 ui-monospace, monospace; }
        pre { overflow-x: auto; background: var(--ground); border: 1px solid var(--line);
          border-radius: .4rem; padding: .75rem; }
        .method { display: inline-block; min-width: 4.2rem; font-weight: 600; color: var(--accent); }
        """
}
