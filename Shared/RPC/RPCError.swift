/// The status codes of gRPC, by name and number.
///
/// Source: gRPC's statuscodes guide.
package enum RPCCode: UInt32, Hashable, Sendable, CaseIterable {
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
}

/// Why a call failed.
package struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A fact about the failure: `required` and `12.5`.
    package struct Detail: Hashable, Sendable {
        package let key: String
        package let value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    package let code: RPCCode
    /// Upper-case, for programs: "INSUFFICIENT_CREDITS". Never empty.
    package let domainCode: String
    /// One sentence that may be shown to a person. No paths, SQL or other services' texts.
    package let message: String
    package let details: [Detail]
    /// Whether the same call may succeed later without the caller changing anything.
    package let isRetryable: Bool
    /// When to try again; nil = no hint.
    package let retryAfter: Duration?

    /// - Parameter isRetryable: By default as the code implies: true for unavailable, aborted and
    ///   deadlineExceeded.
    package init(
        _ code: RPCCode, _ domainCode: String, _ message: String,
        details: KeyValuePairs<String, String> = [:], isRetryable: Bool? = nil,
        retryAfter: Duration? = nil
    ) {
        self.init(
            code: code, domainCode: domainCode, message: message,
            details: details.map { Detail(key: $0, value: $1) },
            isRetryable: isRetryable
                ?? (code == .unavailable || code == .aborted || code == .deadlineExceeded),
            retryAfter: retryAfter)
    }

    package init(
        code: RPCCode, domainCode: String, message: String, details: [Detail], isRetryable: Bool,
        retryAfter: Duration?
    ) {
        self.code = code
        self.domainCode = domainCode
        self.message = message
        self.details = details
        self.isRetryable = isRetryable
        self.retryAfter = retryAfter
    }

    /// The value of the first detail with this key.
    package func detail(_ key: String) -> String? {
        details.first { $0.key == key }?.value
    }

    package var description: String { "\(domainCode) (\(code)): \(message)" }

    // The failures that the RPC layer itself reports.

    package static let cancelled = RPCError(.cancelled, "CANCELLED", "The call was cancelled.")
    package static let deadlineExceeded = RPCError(
        .deadlineExceeded, "DEADLINE_EXCEEDED", "The call took longer than its deadline.")
    package static let draining = RPCError(
        .unavailable, "DRAINING", "The service is shutting down; try again.",
        retryAfter: .milliseconds(200))

    package static func unavailable(_ message: String, retryAfter: Duration? = nil) -> RPCError {
        RPCError(.unavailable, "UNAVAILABLE", message, retryAfter: retryAfter)
    }

    package static func overloaded(_ message: String) -> RPCError {
        RPCError(
            .resourceExhausted, "OVERLOADED", message, isRetryable: true,
            retryAfter: .milliseconds(250))
    }

    package static func malformed(_ message: String) -> RPCError {
        RPCError(.invalidArgument, "MALFORMED_MESSAGE", message)
    }

    package static func protocolError(_ message: String) -> RPCError {
        RPCError(.internal, "PROTOCOL_ERROR", message)
    }
}
