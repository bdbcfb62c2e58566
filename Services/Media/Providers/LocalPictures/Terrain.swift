/// Ground that rises: a height and a surface for every place.
protocol Terrain {
    /// Metres above the subject's feet.
    func height(_ x: Float, _ z: Float) -> Float
    /// No place is higher, in metres: lets a column end early.
    var tallest: Float { get }
    /// Lit colour before haze; `z` is the depth, `normal` points up out of the ground.
    func surface(_ point: Vec3, normal: Vec3, z: Float) -> Vec3
}

extension Terrain {
    var tallest: Float { .infinity }
}

extension Stage {
    /// Draws a height field column by column, near to far: a camera without pitch sees each column
    /// of the picture as one line over the ground.
    /// - Parameters: `near` and `far` are depths from the camera; `ratio` is the step's growth,
    ///   which is finer by `fineness` where mountains stand, from 700 m on.
    func march(
        _ terrain: some Terrain, near: Float, far: Float, ratio: Float = 1.012, fineness: Float = 1
    ) {
        var zs: [Float] = []
        var z = near
        let growth = (ratio - 1) * (plan.worldScale < 1 ? 1.7 : 1)
        while z < far {
            zs.append(z)
            z *= 1 + growth / mix(1, fineness, smoothstep(400, 900, z))
        }
        let tallest = terrain.tallest
        let count = zs.count
        var left = [Float](repeating: 0, count: count)
        // Column of the height in `left`: a column that ends early leaves older ones behind.
        var leftColumn = [Int](repeating: -1, count: count)
        let hy = camera.horizonRow, f = camera.focal, eye = camera.position
        for i in 0..<count {
            let x = eye.x + (-0.5 - camera.centreColumn) / f * zs[i]
            left[i] = terrain.height(x, eye.z + zs[i])
        }
        for column in 0..<width {
            let dx = (Float(column) + 0.5 - camera.centreColumn) / f
            var top = height
            var previousHeight: Float = 0
            var previousZ = near
            var lastColour = Vec3()
            var lastNormal = Vec3(0, 1, 0)
            var lastZ: Float = 0
            var partial: Float = 0
            for i in 0..<count {
                let z = zs[i]
                if hy - f * (tallest - eye.y) / z >= Float(top) && i > 0 { break }
                let x = eye.x + dx * z
                let wz = eye.z + z
                let h = terrain.height(x, wz)
                let row = hy - f * (h - eye.y) / z
                let across = z / f
                var beside = left[i]
                if leftColumn[i] != column - 1 && row < Float(top) {
                    beside = terrain.height(x - across, wz)
                }
                let slopeX = (h - beside) / across
                left[i] = h
                leftColumn[i] = column
                let slopeZ = i > 0 ? (h - previousHeight) / (z - previousZ) : 0
                previousHeight = h
                previousZ = z
                if row >= Float(top) { continue }
                let first = max(0, Int(row + 0.999_99))
                let normal = normalize(Vec3(-slopeX, 1, -slopeZ))
                let c = haze(
                    terrain.surface(Vec3(x, h, wz), normal: normal, z: z), z, column)
                let isEdge = lastZ > 0 && z > lastZ * 1.06
                if first < top {
                    let start = lastZ > 0 && !isEdge ? lastColour : c
                    let span = 1 / Float(top - first)
                    // A steep face covers many rows in one step: its texture is looked up between.
                    let isTall = top - first > 4
                    var tone = start
                    for r in first..<top {
                        let i = r * width + column
                        if depth[i] <= z { continue }
                        let t = Float(top - r) * span
                        let here = lastZ > 0 && !isEdge ? mix(lastZ, z, t) : z
                        if !isTall {
                            tone = mix(start, c, t)
                        } else if r == first || (r - first) & 1 == 0 {
                            let y = eye.y + (hy - Float(r) - 0.5) * here / f
                            let p = Vec3(eye.x + dx * here, y, eye.z + here)
                            let n = lastZ > 0 && !isEdge ? mix(lastNormal, normal, t) : normal
                            tone = haze(terrain.surface(p, normal: n, z: here), here, column)
                        }
                        put(i, tone, here)
                    }
                }
                // Coverage is mixed only where something far shows over an edge; at every step it
                // would draw contour lines.
                if isEdge && partial > 0 && top - 1 >= 0 && top - 1 >= first && top <= height {
                    let i = (top - 1) * width + column
                    if depth[i] >= lastZ {
                        colour[i] += (Vec4(lastColour, 1) - colour[i]) * partial
                    }
                }
                if first < top || isEdge {
                    partial = clamp(Float(first) - row)
                    top = min(top, first)
                    lastColour = c
                    lastNormal = normal
                    lastZ = z
                } else {
                    partial = max(partial, clamp(Float(first) - row))
                    lastZ = z
                }
                if top <= 0 { break }
            }
            if partial > 0 && top > 0 && top <= height && lastZ > 0 {
                let i = (top - 1) * width + column
                if depth[i] >= lastZ {
                    colour[i] += (Vec4(lastColour, 1) - colour[i]) * partial
                }
            }
        }
    }
}
