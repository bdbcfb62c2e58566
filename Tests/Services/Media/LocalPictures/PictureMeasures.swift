import LocalPictures

/// Renders without ever being cancelled.
func render(_ recipe: PictureRecipe) throws -> Picture {
    try renderPicture(recipe, isCancelled: { false })
}

/// A recipe at test size: 256 x 144 pixels.
func recipe(
    _ intent: String, direction: String? = "cinematic", mood: String? = "dramatic",
    framing: String? = "wide", lighting: String? = "golden_hour"
) -> PictureRecipe {
    PictureRecipe(
        intent: intent, direction: direction, mood: mood, framing: framing, lighting: lighting,
        width: 256, height: 144)
}

enum Options {
    static let directions = ["cinematic", "social", "artistic", "documentary"]
    static let moods = ["dramatic", "peaceful", "mysterious", "nostalgic"]
    static let framings = ["wide", "medium", "closeup", "extreme_closeup"]
    static let lightings = ["golden_hour", "blue_hour", "high_key", "low_key"]
}

/// FNV-1a over the bytes of a picture.
func digest(_ picture: Picture) -> UInt64 {
    var h: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) {
        h ^= UInt64(byte)
        h = h &* 0x0000_0100_0000_01B3
    }
    for byte in picture.rgb { add(byte) }
    for value in picture.depth {
        add(UInt8(value & 255))
        add(UInt8(value >> 8))
    }
    for byte in picture.subjectMask { add(byte) }
    return h
}

/// The picture as one sees it at a glance: 32 x 18 averages in CIE Lab, overlay included.
func glance(_ picture: Picture) -> [SIMD3<Double>] {
    var rgb = picture.rgb
    drawOverlay(picture.overlay, onto: &rgb, width: picture.width, height: picture.height)
    let columns = 32, rows = 18
    var result: [SIMD3<Double>] = []
    for row in 0..<rows {
        let y0 = row * picture.height / rows, y1 = (row + 1) * picture.height / rows
        for column in 0..<columns {
            let x0 = column * picture.width / columns, x1 = (column + 1) * picture.width / columns
            var sum = SIMD3<Double>()
            for y in y0..<y1 {
                for x in x0..<x1 {
                    let i = (y * picture.width + x) * 3
                    sum += SIMD3(Double(rgb[i]), Double(rgb[i + 1]), Double(rgb[i + 2]))
                }
            }
            result.append(lab(sum / Double((y1 - y0) * (x1 - x0)) / 255))
        }
    }
    return result
}

/// Mean colour difference (CIE 1976) of two glances.
func difference(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) -> Double {
    var sum = 0.0
    for (p, q) in zip(a, b) {
        let d = p - q
        sum += (d * d).sum().squareRoot()
    }
    return sum / Double(a.count)
}

private func lab(_ display: SIMD3<Double>) -> SIMD3<Double> {
    // Cube roots and powers by iteration: the tests need no C library either.
    func linear(_ v: Double) -> Double {
        if v <= 0.04045 { return v / 12.92 }
        let x = (v + 0.055) / 1.055
        // x^2.4 = x^2 * (x^2)^(1/5)
        let square = x * x
        var root = 0.8
        for _ in 0..<30 {
            root -= (root * root * root * root * root - square) / (5 * root * root * root * root)
        }
        return square * root
    }
    func f(_ t: Double) -> Double {
        if t <= 0.008856 { return 7.787 * t + 16.0 / 116 }
        var root = 0.7
        for _ in 0..<30 { root -= (root * root * root - t) / (3 * root * root) }
        return root
    }
    let r = linear(display.x), g = linear(display.y), b = linear(display.z)
    let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b)
    let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    return SIMD3(116 * y - 16, 500 * (x - y), 200 * (y - z))
}
