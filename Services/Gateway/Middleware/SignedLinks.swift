internal import Cryptography
internal import HTTP
internal import ServiceRuntime

/// Links to media that need no token, so that they can stand in `<img>` and `<video>` as they are.
///
/// They are made when an answer is written, for the user who may see what they lead to, and last
/// between one and two hours: the end is rounded up to a whole hour so that a browser's cache sees the
/// same link again.
struct SignedLinks: Sendable {
    private let secret: [UInt8]
    private let time: any TimeSource

    init(secret: [UInt8], time: any TimeSource) {
        self.secret = secret
        self.time = time
    }

    /// The link to a path of this service, for these things alone when there are any.
    func link(_ path: String, ids: [String] = [], userID: String) -> String {
        let target = Self.target(path, ids.isEmpty ? nil : ids.joined(separator: ","))
        let now = time.now.microseconds / 1_000_000
        let expires = (now / 3600 + 2) * 3600
        let signature = Base64URL.encode(code(target, userID: userID, expires: expires))
        return "\(target)\(ids.isEmpty ? "?" : "&")user=\(PercentCoding.encode(userID))"
            + "&expires=\(expires)&signature=\(signature)"
    }

    /// What is signed: ids are visible characters and need no coding.
    private static func target(_ path: String, _ ids: String?) -> String {
        ids.map { "\(path)?ids=\($0)" } ?? path
    }

    /// The user whom a link was made for; nil when the request carries none.
    /// - Throws: 401 when it is over or was changed.
    func user(of request: HTTPRequest) throws -> String? {
        guard let signature = request.queryValue("signature") else { return nil }
        guard let userID = request.queryValue("user"),
            let expires = request.queryValue("expires").flatMap({ Int64($0) }),
            let bytes = Base64URL.decode(signature),
            isEqualInConstantTime(
                code(
                    Self.target(request.path, request.queryValue("ids")), userID: userID,
                    expires: expires), bytes),
            time.now.microseconds / 1_000_000 < expires
        else { throw Problem.unauthenticated }
        return userID
    }

    private func code(_ path: String, userID: String, expires: Int64) -> [UInt8] {
        HMACSHA256.code(
            key: secret, message: Array("GET\n\(path)\n\(userID)\n\(expires)".utf8))
    }
}
