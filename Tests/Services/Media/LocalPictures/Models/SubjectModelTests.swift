import LocalPictures
import Testing

@Suite struct SubjectModelTests {
    private static func small(_ kind: String, pose: Int = 0) -> SubjectSheet {
        var sheet = SubjectSheet(kind: kind)
        sheet.pose = pose
        sheet.width = 176
        sheet.height = 132
        sheet.share = 0.7
        sheet.hasGround = false
        return sheet
    }

    @Test(arguments: SubjectSheet.kinds)
    func `a subject drawn twice gives the same bytes`(_ kind: String) throws {
        let sheet = Self.small(kind)
        let first = try #require(sheet.picture())
        #expect(first == sheet.picture())
    }

    @Test func `threads side by side draw the same bytes`() async throws {
        let sheet = Self.small("cat")
        let alone = try #require(sheet.picture())
        await withTaskGroup(of: [UInt8]?.self) { group in
            for _ in 0..<3 { group.addTask { sheet.picture() } }
            for await picture in group { #expect(picture == alone) }
        }
    }

    @Test func `an unknown kind is refused`() {
        #expect(SubjectSheet(kind: "unicorn").picture() == nil)
        #expect(SubjectSheet(kind: "unicorn").silhouette() == nil)
    }

    @Test(arguments: SubjectSheet.kinds, [0, 1])
    func `a subject is one shape without pinholes that stands on the ground`(
        _ kind: String, _ pose: Int
    ) throws {
        let shape = Shape(try #require(Self.small(kind, pose: pose).silhouette()))
        #expect(shape.area > 600, "\(kind) covers \(shape.area) pixels")
        #expect(shape.largestPart * 100 >= shape.area * 97, "\(kind) falls into pieces")
        #expect(shape.pinholes == 0, "\(kind) has \(shape.pinholes) single-pixel holes")
        if kind == "bird" && pose == 1 || kind == "diver" && pose == 0 { return }
        let height = shape.lastRow - shape.firstRow + 1
        let gap = shape.groundRow - shape.lastRow
        // Feet nearer to the camera than the contact point stand lower in the picture; hull and
        // oars of a boat reach below the water line.
        #expect(gap <= 2, "\(kind) floats \(gap) rows above the ground")
        #expect(
            gap * (kind == "boat" ? 2 : 4) >= -height, "\(kind) sinks \(-gap) rows into the ground")
    }

    @Test func `no two kinds share an outline`() throws {
        let shapes = try SubjectSheet.kinds.map { kind in
            var sheet = Self.small(kind)
            sheet.yawDegrees = 180
            return (kind, Shape(try #require(sheet.silhouette())).normalised())
        }
        // A wolf and a dog are built alike and told apart by tail and ears.
        let overlapMax = 0.86
        for first in shapes.indices {
            for second in shapes.indices where second > first {
                let overlap = Self.overlap(shapes[first].1, shapes[second].1)
                #expect(
                    overlap < overlapMax,
                    "\(shapes[first].0) and \(shapes[second].0) overlap by \(overlap)")
            }
        }
    }

    @Test func `a named colour changes the subject`() throws {
        for kind in ["car", "cat", "horse", "bag"] {
            var red = Self.small(kind)
            red.colour = 0xC01818
            var blue = red
            blue.colour = 0x1838C0
            let (a, b) = (try #require(red.picture()), try #require(blue.picture()))
            var turned = 0
            for at in stride(from: 0, to: a.count, by: 3) {
                let redLead = Int(a[at]) - Int(a[at + 2])
                let blueLead = Int(b[at]) - Int(b[at + 2])
                if redLead > blueLead + 24 { turned += 1 }
            }
            #expect(turned > 250, "\(kind): \(turned) pixels turned")
        }
    }

    @Test(arguments: ["fox", "dog", "cat", "person", "boat", "robot", "astronaut", "diver"])
    func `poses differ`(_ kind: String) throws {
        let shapes = try [0, 1].map {
            Shape(try #require(Self.small(kind, pose: $0).silhouette())).normalised()
        }
        #expect(Self.overlap(shapes[0], shapes[1]) < 0.92)
    }

    /// Shared area of two masks as a share of the area of either.
    private static func overlap(_ a: [Bool], _ b: [Bool]) -> Double {
        var both = 0
        var either = 0
        for (x, y) in zip(a, b) {
            if x && y { both += 1 }
            if x || y { either += 1 }
        }
        return Double(both) / Double(max(either, 1))
    }
}

/// What a coverage mask shows.
private struct Shape {
    let width: Int
    let height: Int
    let mask: [Bool]
    let groundRow: Int
    private(set) var area = 0
    private(set) var largestPart = 0
    private(set) var pinholes = 0
    private(set) var firstRow = Int.max
    private(set) var lastRow = -1

    init(_ silhouette: SubjectSheet.Silhouette) {
        width = silhouette.width
        height = silhouette.height
        groundRow = silhouette.groundRow
        // Threads thinner than a pixel still join what they tie together.
        mask = silhouette.coverage.map { $0 > 0.12 }
        measureParts()
        for y in 1..<(height - 1) {
            for x in 1..<(width - 1) {
                let at = y * width + x
                let around = [at - 1, at + 1, at - width, at + width]
                if silhouette.coverage[at] < 0.5,
                    around.allSatisfy({ silhouette.coverage[$0] > 0.9 })
                {
                    pinholes += 1
                }
            }
        }
    }

    private mutating func measureParts() {
        var isSeen = [Bool](repeating: false, count: mask.count)
        for start in mask.indices where mask[start] {
            area += 1
            firstRow = min(firstRow, start / width)
            lastRow = max(lastRow, start / width)
            if isSeen[start] { continue }
            var part = 0
            var open = [start]
            isSeen[start] = true
            while let at = open.popLast() {
                part += 1
                let (x, y) = (at % width, at / width)
                for ny in max(y - 1, 0)...min(y + 1, height - 1) {
                    for nx in max(x - 1, 0)...min(x + 1, width - 1) {
                        let next = ny * width + nx
                        if mask[next] && !isSeen[next] {
                            isSeen[next] = true
                            open.append(next)
                        }
                    }
                }
            }
            largestPart = max(largestPart, part)
        }
    }

    /// The mask at a height of 64 rows, centred in 128 columns.
    func normalised() -> [Bool] {
        var columns = 0
        var weight = 0
        for at in mask.indices where mask[at] {
            columns += at % width
            weight += 1
        }
        let middle = Double(columns) / Double(max(weight, 1))
        let scale = Double(lastRow - firstRow + 1) / 64
        var out = [Bool](repeating: false, count: 64 * 128)
        for y in 0..<64 {
            for x in 0..<128 {
                let sx = Int(middle + (Double(x) - 63.5) * scale)
                let sy = firstRow + Int((Double(y) + 0.5) * scale)
                if sx >= 0, sx < width, sy < height { out[y * 128 + x] = mask[sy * width + sx] }
            }
        }
        return out
    }
}
