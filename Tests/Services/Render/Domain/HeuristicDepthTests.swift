import RenderService
import Testing

@Suite struct `guessed depth` {
    /// Sky over hills over a meadow that grows coarser toward the viewer.
    private func landscape(width: Int, height: Int) -> [UInt8] {
        var rgb: [UInt8] = []
        for y in 0..<height {
            let v = Double(y) / Double(height)
            for x in 0..<width {
                let noise = Double((x &* 7919 &+ y &* 104_729) & 63) / 63 - 0.5
                if v < 0.4 {
                    rgb += [UInt8(190 + 30 * v), UInt8(200 + 25 * v), 225]
                } else if v < 0.55 {
                    rgb += [110, 130, UInt8(140 + 8 * noise)]
                } else {
                    let g = 90 + noise * 120 * v
                    rgb += [UInt8(g * 0.7), UInt8(g), UInt8(g * 0.4)]
                }
            }
        }
        return rgb
    }

    @Test func `a landscape comes nearer from top to bottom`() {
        let depth = HeuristicDepth.estimate(
            rgb: landscape(width: 640, height: 360), width: 640, height: 360)
        #expect(depth.width * depth.height <= HeuristicDepth.pixelsMax)
        var bands: [Double] = []
        for band in 0..<6 {
            let rows = band * depth.height / 6..<(band + 1) * depth.height / 6
            var sum = 0.0
            for y in rows { for x in 0..<depth.width { sum += Double(depth[x, y]) } }
            bands.append(sum / Double(rows.count * depth.width))
        }
        for (upper, lower) in zip(bands, bands.dropFirst()) { #expect(lower > upper) }
        #expect(bands[5] - bands[0] > 0.4)
    }

    @Test func `edges of the guess follow those of the picture`() {
        let depth = HeuristicDepth.estimate(
            rgb: landscape(width: 320, height: 180), width: 320, height: 180)
        func step(_ y: Int) -> Float { depth[160, y + 2] - depth[160, y - 2] }
        // The meadow begins at 0.55 of the height.
        #expect(step(99) > 2 * abs(step(50)))
    }

    @Test(arguments: [(2, 2), (64, 3), (3, 64), (512, 288)])
    func `every size and a flat picture give finite depth`(_ size: (width: Int, height: Int)) {
        let depth = HeuristicDepth.estimate(
            rgb: [UInt8](repeating: 77, count: size.width * size.height * 3), width: size.width,
            height: size.height)
        #expect(depth.values.allSatisfy { $0 >= 0 && $0 <= 1 })
    }

    @Test func `a picture without depth moves half as far`() throws {
        let specification = MoveSpecification(path: CameraMove.basic[1].path)
        let guessed = try render(specification, of: source(upload(withDepth: false)))
        #expect(guessed.depthProvider == "heuristic")
        #expect(try render(specification, of: source(upload())).depthProvider == "companion")
    }
}
