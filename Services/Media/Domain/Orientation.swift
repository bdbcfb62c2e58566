/// How a camera held the picture: what a viewer must do to the stored rows to see them upright.
///
/// The numbers are those of the Exif orientation tag.
package enum Orientation: Int, Hashable, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case turnedHalf = 3
    case mirroredTurnedHalf = 4
    case transposed = 5
    case turnedRight = 6
    case transverse = 7
    case turnedLeft = 8

    /// Whether width and height change places.
    package var swapsSides: Bool { rawValue >= 5 }

    /// Reads the tag from a JPEG's Exif segment; upright when there is none or it makes no sense.
    package init(jpeg bytes: [UInt8]) {
        self = Self.exif(in: bytes).flatMap { Self.tag(in: $0) } ?? .upright
    }

    /// The TIFF part of the first Exif segment.
    private static func exif(in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var offset = 2
        while offset + 4 <= bytes.count, bytes[offset] == 0xFF {
            let marker = bytes[offset + 1]
            if marker == 0xFF {
                offset += 1
                continue
            }
            guard marker != 0xDA, marker != 0xD9 else { return nil }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let end = offset + 2 + length
            guard length >= 2, end <= bytes.count else { return nil }
            let body = bytes[offset + 4..<end]
            if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
                return body.dropFirst(6)
            }
            offset = end
        }
        return nil
    }

    private static func tag(in tiff: ArraySlice<UInt8>) -> Orientation? {
        let bytes = Array(tiff)
        guard bytes.count >= 8 else { return nil }
        let isLittle = bytes.starts(with: [0x49, 0x49])
        guard isLittle || bytes.starts(with: [0x4D, 0x4D]) else { return nil }
        func number(_ offset: Int, _ count: Int) -> Int {
            let part = bytes[offset..<offset + count]
            return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
        let directory = number(4, 4)
        guard directory >= 8, directory + 2 <= bytes.count else { return nil }
        for entry in 0..<number(directory, 2) {
            let offset = directory + 2 + entry * 12
            guard offset + 12 <= bytes.count else { return nil }
            if number(offset, 2) == 0x0112 { return Orientation(rawValue: number(offset + 8, 2)) }
        }
        return nil
    }

    /// Rows of interleaved RGB put upright.
    package func upright(
        _ pixels: [UInt8], width: Int, height: Int
    ) -> (pixels: [UInt8], width: Int, height: Int) {
        precondition(pixels.count == width * height * 3)
        guard self != .upright else { return (pixels, width, height) }
        let outWidth = swapsSides ? height : width
        let outHeight = swapsSides ? width : height
        let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
            for y in 0..<outHeight {
                for x in 0..<outWidth {
                    let (column, row) = source(x, y, width: width, height: height)
                    let from = (row * width + column) * 3
                    let to = (y * outWidth + x) * 3
                    buffer[to] = pixels[from]
                    buffer[to + 1] = pixels[from + 1]
                    buffer[to + 2] = pixels[from + 2]
                }
            }
            count = pixels.count
        }
        return (result, outWidth, outHeight)
    }

    /// The stored column and row that are seen at (x, y).
    private func source(_ x: Int, _ y: Int, width: Int, height: Int) -> (Int, Int) {
        switch self {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .turnedHalf: (width - 1 - x, height - 1 - y)
        case .mirroredTurnedHalf: (x, height - 1 - y)
        case .transposed: (y, x)
        case .turnedRight: (y, height - 1 - x)
        case .transverse: (width - 1 - y, height - 1 - x)
        case .turnedLeft: (width - 1 - y, x)
        }
    }
}
