/// What a picture from a user may be. Bytes decide; the name and the declared type do not.
package enum UploadRules {
    /// Formats that are recognised by their first bytes.
    package enum Format: String, Hashable, Sendable {
        case png = "image/png"
        case jpeg = "image/jpeg"
        case webp = "image/webp"
    }

    /// First bytes that are needed to tell the format.
    package static let signatureBytes = 12

    /// The format of a picture, by its signature; nil for anything else.
    package static func sniff(_ bytes: [UInt8]) -> Format? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        guard bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)),
            bytes[8..<12].elementsEqual(Array("WEBP".utf8))
        else { return nil }
        return .webp
    }

    /// The type that a client declared, without parameters, in its usual spelling.
    package static func declaredFormat(_ contentType: String) -> Format? {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return Format(rawValue: type == "image/jpg" ? "image/jpeg" : type)
    }

    /// Whether a PNG holds several frames: an `acTL` chunk before the first picture data.
    package static func isAnimatedPNG(_ bytes: [UInt8]) -> Bool {
        var offset = 8
        while offset + 12 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            let type = bytes[offset + 4..<offset + 8]
            if type.elementsEqual(Array("acTL".utf8)) { return true }
            if type.elementsEqual(Array("IDAT".utf8)) { return false }
            offset += 12 + length
        }
        return false
    }
}
