import MediaService
import Testing

struct UploadRulesTests {
    @Test(arguments: [
        ("image/png", UploadRules.Format.png), ("IMAGE/PNG; a=b", .png), ("image/jpg", .jpeg),
        ("image/jpeg", .jpeg), ("image/webp", .webp),
    ])
    func `a declared type is read in its usual spellings`(
        _ text: String, _ format: UploadRules.Format
    ) {
        #expect(UploadRules.declaredFormat(text) == format)
    }

    @Test(arguments: ["image/svg+xml", "image/heic", "text/html", "", "image/"])
    func `other types are none`(_ text: String) {
        #expect(UploadRules.declaredFormat(text) == nil)
    }

    @Test func `the first bytes tell the format`() {
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
        #expect(UploadRules.sniff(png) == .png)
        #expect(UploadRules.sniff([0xFF, 0xD8, 0xFF, 0xE0]) == .jpeg)
        #expect(UploadRules.sniff(Array("RIFF....WEBPVP8 ".utf8)) == .webp)
        #expect(UploadRules.sniff(Array("<svg xmlns=".utf8)) == nil)
        #expect(UploadRules.sniff(Array("GIF89a......".utf8)) == nil)
        #expect(UploadRules.sniff([]) == nil)
    }

    /// One red, one green, one blue pixel in a row, as a camera held in each way stores them.
    @Test(arguments: Orientation.allCases)
    func `turning twice by the opposite gives the picture back`(_ orientation: Orientation) {
        let pixels = (0..<45).map { UInt8($0) }
        let turned = orientation.upright(pixels, width: 5, height: 3)
        #expect(turned.width == (orientation.swapsSides ? 3 : 5))
        let opposite: [Orientation: Orientation] = [
            .turnedRight: .turnedLeft, .turnedLeft: .turnedRight,
        ]
        let back = (opposite[orientation] ?? orientation).upright(
            turned.pixels, width: turned.width, height: turned.height)
        #expect(back.pixels == pixels)
    }

    @Test func `a picture held to the right has its first column on top`() {
        // Stored rows: 1 2 / 3 4 / 5 6. Seen turned clockwise: 5 3 1 / 6 4 2.
        let stored = [1, 2, 3, 4, 5, 6].flatMap { [UInt8](repeating: $0, count: 3) }
        let seen = Orientation.turnedRight.upright(stored, width: 2, height: 3)
        #expect(seen.pixels == [5, 3, 1, 6, 4, 2].flatMap { [UInt8](repeating: $0, count: 3) })
    }
}
