package import Cryptography
package import ServiceRuntime

/// An outside service whose tokens are accepted: Firebase, Supabase, or any that publishes its keys.
package struct Issuer: Hashable, Sendable {
    /// The `iss` of its tokens.
    package let name: String
    /// What its tokens must have as `aud`.
    package let audience: String
    /// The one algorithm that is accepted; what a token says of itself is only compared.
    package let algorithm: PublicKey.Algorithm
    /// Where its JSON Web Key Set (RFC 7517) is: https, or http on this machine.
    package let keysURL: String

    /// The issuers of a setting: `NAME AUDIENCE ALGORITHM KEYS_URL`, several separated by commas.
    /// - Throws: ``ConfigurationError`` that names what is wrong.
    package static func list(_ setting: String) throws(ConfigurationError) -> [Issuer] {
        var issuers: [Issuer] = []
        for entry in setting.split(separator: ",") {
            let words = entry.split(separator: " ").map(String.init)
            guard words.count == 4 else {
                throw ConfigurationError(
                    "ISSUERS has \"\(entry)\"; expected NAME AUDIENCE ALGORITHM KEYS_URL")
            }
            guard let algorithm = PublicKey.Algorithm(rawValue: words[2]) else {
                throw ConfigurationError("ISSUERS has algorithm \(words[2]); use RS256 or ES256")
            }
            guard isAcceptable(words[3]) else {
                throw ConfigurationError("ISSUERS has keys at \(words[3]); use an https URL")
            }
            guard !issuers.contains(where: { $0.name == words[0] }) else {
                throw ConfigurationError("ISSUERS has \(words[0]) twice")
            }
            issuers.append(
                Issuer(
                    name: words[0], audience: words[1], algorithm: algorithm, keysURL: words[3]))
        }
        return issuers
    }

    private static func isAcceptable(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        return ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].contains {
            url.hasPrefix($0)
        }
    }
}
