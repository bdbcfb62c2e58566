/// What a frame is for; the numbers are those of `proto/envelope.proto`.
package enum FrameKind: UInt8, Hashable, Sendable, CaseIterable {
    case hello = 1
    case request = 2
    case response = 3
    case item = 4
    case end = 5
    case window = 6
    case error = 7
    case cancel = 8
    case ping = 9
    case pong = 10
    case goaway = 11
}

/// The limits of the envelope that hold for every connection.
package enum EnvelopeLimits {
    /// The largest payload, in bytes.
    package static let payloadBytesMax = 1 << 20
    /// The largest frame: the payload and 64 KiB for everything else, in bytes.
    package static let frameBytesMax = (1 << 20) + (64 << 10)
    /// The longest method name, in bytes.
    package static let methodBytesMax = 256
    package static let metadataPairsMax = 16
    package static let metadataKeyBytesMax = 64
    package static let metadataValueBytesMax = 1024
    package static let deadlineMillisecondsMax: UInt32 = 3_600_000
    package static let creditBytesMax: UInt32 = 1 << 30
    package static let pingBytesMax = 64
    /// The longest domain code, in bytes.
    package static let domainCodeBytesMax = 64
    /// The longest message of a status, in bytes.
    package static let statusMessageBytesMax = 4096
    /// The most details of a status.
    package static let statusDetailsMax = 64
    /// The longest value of a detail, in bytes.
    package static let detailValueBytesMax = 4096
    /// The longest name of a service, in bytes.
    package static let serviceBytesMax = 64
    package static let nonceBytes = 16...64
    package static let proofBytes = 32
}

/// A pair that travels beside the payload, or a fact of a status.
package struct MetadataPair: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// Why a call failed, as it stands on the wire.
package struct Status: Hashable, Sendable {
    /// gRPC's number.
    package var code: UInt32
    /// Upper-case, for programs; may be empty.
    package var domainCode: String
    /// One sentence that may be shown to a person.
    package var message: String
    package var details: [MetadataPair]
    package var isRetryable: Bool
    /// 0 = no hint.
    package var retryAfterMilliseconds: UInt32

    package init(
        code: UInt32 = 0, domainCode: String = "", message: String = "",
        details: [MetadataPair] = [], isRetryable: Bool = false,
        retryAfterMilliseconds: UInt32 = 0
    ) {
        self.code = code
        self.domainCode = domainCode
        self.message = message
        self.details = details
        self.isRetryable = isRetryable
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}

/// The first frame of each side: who speaks, and its limits.
package struct Hello: Hashable, Sendable {
    package var version: UInt32
    package var service: String
    /// 16 to 64 random bytes.
    package var nonce: Bytes
    /// 32 bytes, or none.
    package var proof: Bytes
    package var frameBytesMax: UInt32
    package var streamsMax: UInt32
    package var windowBytes: UInt32

    package init(
        version: UInt32 = 1, service: String = "", nonce: Bytes = Bytes(), proof: Bytes = Bytes(),
        frameBytesMax: UInt32 = 0, streamsMax: UInt32 = 0, windowBytes: UInt32 = 0
    ) {
        self.version = version
        self.service = service
        self.nonce = nonce
        self.proof = proof
        self.frameBytesMax = frameBytesMax
        self.streamsMax = streamsMax
        self.windowBytes = windowBytes
    }
}
