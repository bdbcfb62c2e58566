import RenderService
import Testing

/// The edge of a bright square, near, before a dark ground.
@Suite struct `Silhouettes` {
    private struct Square {
        let width: Int
        let height: Int
        let rgb: [UInt8]
        let depth: Plane<Float>

        init(width: Int, height: Int) {
            self.width = width
            self.height = height
            func isInside(_ i: Int) -> Bool {
                (width / 3..<width * 2 / 3).contains(i % width)
                    && (height / 3..<height * 2 / 3).contains(i / width)
            }
            rgb = (0..<width * height * 3).map { isInside($0 / 3) ? 230 : 30 }
            depth = Plane(
                width: width, height: height,
                (0..<width * height).map { isInside($0) ? 0.8 : 0.1 })
        }

        /// A frame in which the square has moved by so many pixels against the ground, which
        /// stays.
        func frame(movedBy pixels: Double, _ kernel: RenderKernel) -> Picture420 {
            let scene = SheetScene(
                rgb: rgb, width: width, height: height, depth: depth, encoding: .fullRange601,
                reach: height / 6)
            let renderer = SheetRenderer(
                scene: scene, width: width, height: height, kernel: kernel.make())
            let frame = Picture420(width: width, height: height, encoding: .fullRange601)
            let strength = 0.4
            renderer.render(
                CameraPose(Vector3(pixels / (strength * 0.7 * Double(height)), 0, 0)),
                geometry: ParallaxGeometry(strength: strength, pivot: 0.1), into: frame)
            return frame
        }

        /// The most that a pixel changes while the square goes on by a tenth of a pixel.
        func greatestChange(_ kernel: RenderKernel) -> Int {
            let frames = (20...31).map { frame(movedBy: Double($0) / 10, kernel).luma.values }
            return zip(frames, frames.dropFirst())
                .flatMap { zip($0, $1).map { abs(Int($0) - Int($1)) } }.max() ?? 0
        }
    }

    @Test(arguments: RenderKernel.allCases.filter(\.isSupported))
    func `an edge that moves on goes over a pixel by degrees`(_ kernel: RenderKernel) {
        // Of 200 between the square and the ground.
        #expect(Square(width: 320, height: 180).greatestChange(kernel) <= 75)
        // Large frames have hard edges: what the measure says of those.
        #expect(Square(width: 1600, height: 900).greatestChange(kernel) >= 100)
    }

    @Test(arguments: RenderKernel.allCases.filter(\.isSupported))
    func `edges of a frame at rest are those of the picture`(_ kernel: RenderKernel) {
        let square = Square(width: 320, height: 180)
        let picture = Picture420(rgb: square.rgb, width: 320, height: 180, encoding: .fullRange601)
        let frame = square.frame(movedBy: 0, kernel)
        #expect(frame.luma.values == picture.luma.values)
        #expect(frame.cb.values == picture.cb.values)
        #expect(frame.cr.values == picture.cr.values)
    }

    @Test(arguments: RenderKernel.allCases.filter(\.isSupported))
    func `what is behind an edge is the nearest thing there, not the farthest`(
        _ kernel: RenderKernel
    ) {
        // A grey square to the right of a white wall, nearer than it, and black far behind both: when
        // the square has moved to the left, its left edge is before the wall.
        let (width, height) = (320, 180)
        func layer(_ i: Int) -> (grey: UInt8, depth: Float) {
            let (x, y) = (i % width, i / width)
            if (134..<190).contains(x) && (60..<120).contains(y) { return (120, 0.8) }
            return x < 120 ? (240, 0.4) : (10, 0.1)
        }
        let scene = SheetScene(
            rgb: (0..<width * height * 3).map { layer($0 / 3).grey }, width: width, height: height,
            depth: Plane(
                width: width, height: height, (0..<width * height).map { layer($0).depth }),
            encoding: .fullRange601, reach: height / 6)
        let renderer = SheetRenderer(
            scene: scene, width: width, height: height, kernel: kernel.make())
        var edges = 0
        for x in [-0.75, -0.65, 0.65, 0.75] {
            let frame = Picture420(width: width, height: height, encoding: .fullRange601)
            renderer.render(
                CameraPose(Vector3(x, 0, 0)), geometry: ParallaxGeometry(strength: 0.4, pivot: 0.4),
                into: frame)
            for row in 70..<110 {
                for column in 4..<width - 4
                where frame.luma[column - 3, row] > 230
                    && abs(Int(frame.luma[column + 3, row]) - 120) < 4
                {
                    edges += 1
                    // The square's last pixel is half black in the picture.
                    #expect(frame.luma[column, row] > 60, "\(x), \(column), \(row)")
                }
            }
        }
        #expect(edges > 40)
    }
}
