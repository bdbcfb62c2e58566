import Cryptography
import LocalPictures
import Testing

/// Pictures are stored by digest and drawn again from recipes: a change of the look must be meant.
///
/// When it is meant, take the new digests from the messages of the failing test into the table, in
/// the commit that changes the look.
@Suite struct GoldenPictureTests {
    /// One recipe at a third of the usual size, and the SHA-256 of its colours, depth and mask.
    struct Golden: Sendable, CustomStringConvertible {
        var intent: String
        var options: String
        var digest: String

        var description: String { "\(intent), \(options)" }

        var recipe: PictureRecipe {
            let ids = options.split(separator: " ").map(String.init)
            return PictureRecipe(
                intent: intent, direction: ids[0], mood: ids[1], framing: ids[2],
                lighting: ids[3], width: 340, height: 192)
        }
    }

    static let table = [
        Golden(
            intent: "a fox on a frozen lake", options: "cinematic dramatic wide golden_hour",
            digest: "9220841f5c78cae482e68e904dc007ef47ad2d75c8bb9dc76876b8d380f023f3"),
        Golden(
            intent: "a hiker in the mountains", options: "social peaceful medium high_key",
            digest: "d8cc8ec48b23f2a1dbf0d341e96743a94cbb49e3e788d1713318d5f95583a1f9"),
        Golden(
            intent: "an astronaut on the moon", options: "artistic mysterious closeup low_key",
            digest: "581f6053caf48b6d8ffaf113a441145b278c82c7c4aece99f36964bdc5380dd7"),
        Golden(
            intent: "a diver at a coral reef", options: "documentary nostalgic wide blue_hour",
            digest: "0db3f58ad332f36e68c0f137528c1e7f5d44e4900287c2adc571971aec660edd"),
        Golden(
            intent: "a man in a city street in the rain",
            options: "cinematic mysterious medium blue_hour",
            digest: "3004da5d84bea879c8af181b04e87b366888faaf8c1f0c9b89f5c26b657d3529"),
        Golden(
            intent: "a red car on a country road",
            options: "artistic nostalgic extreme_closeup golden_hour",
            digest: "0c7d8607dea7ff2146822f22af7682cd2382cf5d87f989a3419beb993db1330c"),
        Golden(
            intent: "a sailing boat on the open sea", options: "social dramatic closeup low_key",
            digest: "2ce2e034dd9054154f48b0681f361f8d4cf3f431842fdfd9740e1199cc875153"),
        Golden(
            intent: "a leather handbag in a studio", options: "social peaceful medium high_key",
            digest: "0ec1fa500433fe491d3b12daaf280be88cc6bdda798a8e96cf5d8181bf527a1e"),
    ]

    @Test(arguments: table)
    func `a recipe gives the bytes that it always gave`(_ golden: Golden) throws {
        let picture = try render(golden.recipe)
        var bytes = picture.rgb
        for value in picture.depth {
            bytes.append(UInt8(value & 255))
            bytes.append(UInt8(value >> 8))
        }
        bytes += picture.subjectMask
        let digest = SHA256.digest(of: bytes).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        #expect(digest == golden.digest, "\(golden): now \(digest)")
    }
}
