import ImageCodec
import MediaService
import Testing

struct UploadsTests {
    struct BadFile: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let declared: String
        let code: String
        let bytes: @Sendable () throws -> [UInt8]

        init(
            _ title: String, _ declared: String, _ code: String,
            _ bytes: @escaping @Sendable () throws -> [UInt8]
        ) {
            testDescription = title
            self.declared = declared
            self.code = code
            self.bytes = bytes
        }
    }

    /// A PNG's signature and a header that claims a size.
    private static func header(_ width: UInt32, _ height: UInt32) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        }
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return signature + word(13) + Array("IHDR".utf8) + word(width) + word(height)
            + [8, 2, 0, 0, 0, 0, 0, 0, 0]
    }

    static let badFiles = [
        BadFile("nothing", "image/png", "IMAGE_INVALID") { [] },
        BadFile("a page", "image/png", "UNSUPPORTED_IMAGE") { Array("<html></html>".utf8) },
        BadFile("a vector drawing", "image/svg+xml", "UNSUPPORTED_IMAGE") {
            Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8)
        },
        BadFile("a GIF", "image/gif", "UNSUPPORTED_IMAGE") { Array("GIF89a\u{1}\u{0}".utf8) },
        BadFile("a WebP that is cut", "image/webp", "IMAGE_INVALID") {
            Array("RIFF\u{8}\u{0}\u{0}\u{0}WEBPVP8 ".utf8)
        },
        BadFile("a WebP without its end", "image/webp", "IMAGE_INVALID") {
            Array(Samples.webp.dropLast(12))
        },
        BadFile("an animated WebP", "image/webp", "UNSUPPORTED_IMAGE") { Samples.animatedWebP },
        BadFile("a JPEG that is declared a PNG", "image/png", "UNSUPPORTED_IMAGE") {
            try Samples.jpeg(1)
        },
        BadFile("a PNG that is declared nothing", "", "UNSUPPORTED_IMAGE") {
            try Samples.png(1)
        },
        BadFile("a cut JPEG", "image/jpeg", "IMAGE_INVALID") {
            Array(try Samples.jpeg(1).dropLast(100))
        },
        BadFile("a cut PNG", "image/png", "IMAGE_INVALID") {
            Array(try Samples.png(1).dropLast(100))
        },
        BadFile("only a signature", "image/png", "IMAGE_INVALID") {
            Array(header(10, 10).prefix(12))
        },
        BadFile("a header of 100,000 by 100,000", "image/png", "IMAGE_TOO_LARGE") {
            header(100_000, 100_000)
        },
        BadFile("a header of 8,192 by 8,192", "image/png", "IMAGE_TOO_LARGE") {
            header(8192, 8192)
        },
        BadFile("a header of 9,000 by 10", "image/png", "IMAGE_TOO_LARGE") { header(9000, 10) },
        BadFile("a header without size", "image/png", "IMAGE_INVALID") { header(0, 10) },
        BadFile("too many bytes", "image/png", "IMAGE_TOO_LARGE") {
            header(10, 10) + [UInt8](repeating: 0, count: 10 << 20)
        },
        BadFile("an animated PNG", "image/png", "UNSUPPORTED_IMAGE") {
            let png = try Samples.png(1)
            let control: [UInt8] =
                [0, 0, 0, 8] + Array("acTL".utf8) + [0, 0, 0, 2, 0, 0, 0, 0]
                + [0xF3, 0x8D, 0x93, 0x70]
            return Array(png[..<33]) + control + Array(png[33...])
        },
    ]

    @Test(arguments: badFiles)
    func `a file that is no good picture is refused and leaves nothing`(
        _ file: BadFile
    ) async throws {
        let fixture = MediaFixture()
        let bytes = try file.bytes()
        try await fixture.idle { service in
            do {
                _ = try await service.uploads.store(
                    bytes, declared: file.declared, userID: "ann")
                Issue.record("it was accepted")
            } catch let error as MediaError {
                #expect(RPCCodes.domainCode(error) == file.code)
            }
            #expect(try await service.assets().isEmpty)
            #expect(try await service.library.blobs.list().digests.isEmpty)
        }
    }

    @Test func `a picture is encoded anew: nothing but its pixels stays`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let secret = Array("GPS 52.5200 13.4050".utf8)
            let jpeg = try Samples.jpeg(7)
            let comment: [UInt8] = [0xFF, 0xFE, 0, UInt8(secret.count + 2)] + secret
            let tagged = Array(jpeg[..<2]) + comment + Array(jpeg[2...]) + secret
            let asset = try await service.uploads.store(
                tagged, declared: "image/jpeg", userID: "ann")
            let kept = try await Array(service.library.blobs.readAll(asset.blob))
            #expect(!kept.contains(secret))
            #expect(asset.provider == "upload")
            let before = try ImageCodec.decodeRGB(jpeg).pixels
            let after = try ImageCodec.decodeRGB(kept).pixels
            let difference = zip(before, after).map { abs(Int($0) - Int($1)) }.reduce(0, +)
            #expect(Double(difference) / Double(before.count) < 6)
        }
    }

    @Test func `a picture held sideways is stored upright`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let jpeg = try Samples.jpeg(7, width: 64, height: 32)
            // Exif, little endian, one entry: orientation 6.
            let exif: [UInt8] =
                Array("Exif\u{0}\u{0}II*\u{0}".utf8) + [8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0]
                + [1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
            let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif
            let asset = try await service.uploads.store(
                Array(jpeg[..<2]) + segment + Array(jpeg[2...]), declared: "image/jpeg",
                userID: "ann")
            #expect([asset.width, asset.height] == [32, 64])
        }
    }

    @Test func `a WebP becomes a PNG with the same pixels`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let asset = try await service.uploads.store(
                Samples.webp, declared: "image/webp", userID: "ann")
            #expect(asset.contentType == "image/png")
            #expect(asset.width == 16)
            #expect(asset.height == 8)
            let stored = try await Array(service.library.blobs.readAll(asset.blob))
            let image = try ImageCodec.decodeRGB(stored)
            #expect(Array(image.pixels.prefix(3)) == [255, 0, 0])
            #expect(Array(image.pixels.suffix(3)) == [0, 0, 255])
        }
    }

    @Test func `a PNG stays a PNG with the same pixels`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let png = try Samples.png(3)
            let asset = try await service.uploads.store(
                png, declared: "image/png", userID: "ann")
            let kept = try await Array(service.library.blobs.readAll(asset.blob))
            #expect(try ImageCodec.decodeRGB(kept) == ImageCodec.decodeRGB(png))
        }
    }
}
