/// Style drawn over a picture; shares and grain in millionths, so that no rounding differs between
/// two reads.
package struct AssetOverlay: Hashable, Sendable {
    package var letterboxPPM: Int64 = 0
    package var borderPPM: Int64 = 0
    package var borderRGB: Int64 = 0
    package var grainPPM: Int64 = 0
    package var grainSeed: Int64 = 0

    package init() {}

    /// Whether nothing is drawn.
    package var isEmpty: Bool { letterboxPPM == 0 && borderPPM == 0 && grainPPM == 0 }
}

/// A row of the index of assets.
package struct AssetRecord: Hashable, Sendable {
    package var id: String
    package var blob: BlobStore.Blob
    package var contentType: String
    package var width = 0
    package var height = 0
    package var durationMicroseconds: Int64 = 0
    /// Who may see it.
    package var userID: String
    package var provider: String
    package var createdAt: Int64
    /// The picture that this one was made with or from; its own id when it stands for itself.
    package var groupID: String
    package var depthID: String?
    package var maskID: String?
    package var cleanID: String?
    package var overlay = AssetOverlay()
    package var derivation: [UInt8]?
    package var isDepthDelivered = false

    package init(
        id: String, blob: BlobStore.Blob, contentType: String, userID: String, provider: String,
        createdAt: Int64, groupID: String? = nil
    ) {
        self.id = id
        self.blob = blob
        self.contentType = contentType
        self.userID = userID
        self.provider = provider
        self.createdAt = createdAt
        self.groupID = groupID ?? id
    }
}
