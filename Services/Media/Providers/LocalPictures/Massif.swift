/// Mountains: a height field that water has worn, and the rock and snow on it.

extension Noise {
    /// Smooth noise with its slope: value 0..<1, change per unit of x, change per unit of y.
    ///
    /// The fade is of the fifth degree, so that the slope has no creases along the grid.
    @inline(__always)
    func valueWithSlope(_ x: Float, _ y: Float) -> Vec3 {
        let ix = floorIndex(x), iy = floorIndex(y)
        let fx = x - Float(ix), fy = y - Float(iy)
        let ux = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
        let uy = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
        let sx = 30 * fx * fx * (fx * (fx - 2) + 1), sy = 30 * fy * fy * (fy * (fy - 2) + 1)
        let corner = corners(ix, iy)
        let a = corner.x, b = corner.y - a, c = corner.z - a
        let d = a - corner.y - corner.z + corner.w
        return Vec3(
            a + b * ux + c * uy + d * ux * uy, sx * (b + d * uy), sy * (c + d * ux))
    }

    /// Worn mountains, about 0.1...0.9: each octave is weaker where the ground is already steep,
    /// so that flanks are smooth between crests that branch.
    @inline(__always)
    func eroded(_ x: Float, _ y: Float, octaves: Int) -> Float {
        var px = x, py = y
        var sum: Float = 0, weight: Float = 0.5, slopeX: Float = 0, slopeY: Float = 0
        for _ in 0..<octaves {
            let n = valueWithSlope(px, py)
            slopeX += n.y
            slopeY += n.z
            sum += weight * n.x / (1 + slopeX * slopeX + slopeY * slopeY)
            weight *= 0.5
            let nx = 1.62 * px - 1.2 * py + 31.7
            py = 1.2 * px + 1.62 * py + 11.9
            px = nx
        }
        return sum
    }
}

/// Spruces far away, as a height field sees them: rows of ragged spires.
extension Noise {
    /// Height of the wood at a place, 0...1; `cell` is the distance between trees in metres.
    @inline(__always)
    func spires(_ x: Float, _ z: Float, cell: Float) -> Float {
        let row = floorIndex(z / (cell * 2.3))
        let along = x / cell + 37 * hashUnit(row, 11)
        let column = floorIndex(along)
        let size = hashUnit(column, row, salt: 7)
        let centre = 0.36 + 0.28 * hashUnit(column, row, salt: 8)
        let off = abs(along - Float(column) - centre) * (1.7 + 0.5 * size)
        // Tiers: the edge goes down in steps.
        let tier = off * 5 + size * 3
        let worn = off + 0.13 * (fraction(tier) - 0.5)
        return max(0.16, (1 - worn) * (0.45 + 0.55 * size))
    }
}

/// How rock, snow and pasture share a slope.
struct AlpineLook {
    var rock = Vec3(0.105, 0.095, 0.098)
    var paleRock = Vec3(0.30, 0.27, 0.255)
    var snow = Vec3(0.80, 0.83, 0.89)
    /// What grows on gentle low ground.
    var pasture = Vec3(0.085, 0.115, 0.042)
    /// Heights, in metres before relief: pasture ends, snow begins and is whole.
    var pastureEnd: Float
    var snowStart: Float
    var snowWhole: Float
}

extension Stage {
    /// A slope of a mountain in the scene's light.
    /// - Parameters:
    ///   - level: Height for the snow line, in metres before relief.
    ///   - open: 1 where the key light gets through.
    @inline(__always)
    func alpine(
        _ p: Vec3, normal: Vec3, z: Float, level: Float, open: Float, _ look: AlpineLook
    ) -> Vec3 {
        // Grain of about the same size on the picture at every distance. It is stretched down the
        // slope, as gullies are.
        let k = camera.focal / (11 * z)
        let along = (p.y * 0.55 + p.z * 0.3) * k
        let gully = noise.valueWithSlope(p.x * k + 3, along * 0.6)
        let fine = noise.valueWithSlope(p.x * k * 2.7 + along * 0.5, along * 2.1 + 9)
        let broad = noise.fractal(p.x * k * 0.22 + 5, along * 0.2, octaves: 2)
        let steep = 1 - normal.y
        let grain = 0.6 * gully.x + 0.4 * fine.x
        // Snow holds on ground that is gentle enough; the line is ragged.
        let line = smoothstep(
            look.snowStart, look.snowWhole, level + 420 * (broad - 0.5) + 160 * (grain - 0.5))
        let holds = smoothstep(
            0.40, 0.56, normal.y + 0.34 * (grain - 0.5) + 0.24 * (broad - 0.5) + 0.10 * line)
        let snow = line * holds
        var n = normal
        let rough = (0.9 - 0.62 * snow) * (0.25 + 0.75 * smoothstep(0.1, 0.5, steep))
        n.x -= (0.42 * gully.y + 0.3 * fine.y) * rough
        n.y += (0.16 * gully.z + 0.2 * fine.z) * rough
        n = normalize(n)
        let strata = noise.value(p.y * 0.021 + broad * 3, 4.5)
        var albedo = mix(look.rock, look.paleRock, clamp(0.55 * strata + 0.75 * grain - 0.22))
        let green =
            smoothstep(0.52, 0.72, normal.y + 0.3 * (grain - 0.5))
            * smoothstep(look.pastureEnd, look.pastureEnd * 0.45, level + 150 * (broad - 0.5))
        albedo = mix(albedo, look.pasture * (0.55 + 0.9 * grain), green)
        albedo = mix(albedo, look.snow, snow)
        // The bright side of the sky models the slopes that the sun does not reach.
        let key = light.keyDirection
        let side = 0.5 + 0.5 * dot(n, normalize(Vec3(key.x, 0.2, key.z)))
        let sky = plan.palette.mid * 0.5 + plan.palette.horizon * 0.2
        return lit(albedo, normal: n, shadow: open) + albedo * sky * (side * side * 0.7)
    }
}
