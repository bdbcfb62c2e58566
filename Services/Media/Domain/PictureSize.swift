/// The sizes in which pictures are made, by aspect ratio.
package enum PictureSize {
    /// Width and height in pixels; nil for an aspect ratio that is not offered.
    package static func pixels(aspectRatio: String) -> (width: Int, height: Int)? {
        switch aspectRatio {
        case "", "16:9": (1024, 576)
        case "9:16": (576, 1024)
        case "1:1": (768, 768)
        case "4:3": (896, 672)
        case "3:4": (672, 896)
        default: nil
        }
    }
}
