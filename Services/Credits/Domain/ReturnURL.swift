/// Where a buyer is sent back to: a path of this site, or a page of an allowed origin. Anything else
/// would let a stranger's link lead out of here by way of a trusted page.
package enum ReturnURL {
    private static let lengthMax = 2_000

    /// Whether a buyer may be sent there; the empty text stands for nowhere.
    package static func isAllowed(_ url: String, origins: [String]) -> Bool {
        if url.isEmpty { return true }
        guard url.utf8.count <= lengthMax, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !url.contains(where: { "\\\"<>^`{|}".contains($0) })
        else { return false }
        // "//host" would be another site.
        if url.hasPrefix("/") { return !url.hasPrefix("//") }
        guard let origin = origin(of: url) else { return false }
        return origins.contains(origin)
    }

    /// "https://host:port" of an absolute http(s) URL without a user; nil when it is none.
    package static func origin(of url: String) -> String? {
        let schemes = ["https://", "http://"]
        guard let scheme = schemes.first(where: { url.hasPrefix($0) }) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        let isHost = authority.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D: true
            default: false
            }
        }
        return authority.isEmpty || !isHost ? nil : scheme + authority
    }

    /// The URL with the purchase in its query, so that the page can tell how it went.
    package static func naming(_ purchase: String, in url: String) -> String {
        let parts = url.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let mark = parts[0].contains("?") ? "&" : "?"
        let fragment = parts.count == 2 ? "#\(parts[1])" : ""
        return "\(parts[0])\(mark)purchase=\(purchase)\(fragment)"
    }

    /// An absolute URL: paths are of this site.
    static func absolute(_ url: String, site: String) -> String {
        url.hasPrefix("/") ? site + url : url
    }
}
