/// What the flat ground is at one place.
struct GroundSample {
    /// Lit colour before haze and without reflection.
    var colour: Vec3
    /// Share of the mirrored picture even when seen from above.
    var mirror: Float = 0
    /// Strength of the extra mirror at grazing angles (0 for dry ground).
    var gloss: Float = 0
    /// Slope of the surface across and along the view, in parts of one: breaks up the mirror.
    var slope = Vec2(0, 0)
    /// Vertical smear of the mirror, in rows.
    var smear: Float = 0
}

/// The flat ground at the subject's feet (y = 0).
protocol Ground {
    /// `footprint` is the depth covered by one pixel row, in metres: detail smaller than it must
    /// fade. `shadow` is 1 in the open.
    func sample(_ point: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample
}

/// Shadow and mirror image of the subject, as the ground needs them.
struct SubjectTrace {
    let model: SubjectModel
    let layer: SubjectLayer
    let height: Float
    let length: Float
    let distance: Float

    /// 1 in the open ... about 0.2 under the subject; second: the key's share.
    @inline(__always)
    func cover(_ p: Vec3, _ reach: Float) -> (key: Float, open: Float) {
        let near = max(abs(p.x), abs(p.z))
        if near > reach { return (1, 1) }
        let fade = smoothstep(reach * 0.7, reach, near)
        let key = mix(model.keyVisibility(p), 1, fade)
        let open = near < (height + length) * 0.9 ? model.contactOpenness(p) : 1
        return (key, open)
    }
}

extension Stage {
    /// Fills what is still open below the horizon with ground, mirrors included.
    /// - Parameter farthest: ground ends there (a shore hides the rest).
    func plane(_ ground: some Ground, trace: SubjectTrace, farthest: Float = 40_000) {
        let hy = camera.horizonRow, f = camera.focal, eye = camera.position
        let hc = max(0.02, eye.y)
        let reach = min(16 * trace.height, 4 + 7 * trace.height + trace.length)
        let layerScale = 1 / plan.worldScale
        for row in max(0, Int(hy))..<height {
            let below = Float(row) + 0.5 - hy
            if below <= 0.25 { continue }
            let z = f * hc / below
            if z > farthest { continue }
            let footprint = z * z / (f * hc)
            for column in 0..<width {
                let i = row * width + column
                if depth[i] <= z { continue }
                let dx = (Float(column) + 0.5 - camera.centreColumn) / f
                let point = Vec3(eye.x + dx * z, 0, eye.z + z)
                let cover = trace.cover(point, reach)
                let s = ground.sample(point, z: z, footprint: footprint, shadow: cover.key)
                var c = s.colour * cover.open
                if s.mirror > 0 || s.gloss > 0 {
                    let down = below / f
                    let cosine = down / (1 + down * down + dx * dx).squareRoot()
                    let k = 1 - cosine
                    let k2 = k * k
                    let fresnel = 0.04 + 0.96 * k2 * k2 * k
                    let share = clamp(s.mirror + (1 - s.mirror) * fresnel * s.gloss)
                    if share > 0.01 {
                        let m = mirrored(
                            row: Float(row) + 0.5, column: Float(column) + 0.5, hc: hc, s: s,
                            trace: trace, layerScale: layerScale)
                        c = mix(c, m, share)
                    }
                }
                put(i, haze(c, z, column), z)
            }
        }
    }

    private func mirrored(
        row: Float, column: Float, hc: Float, s: GroundSample, trace: SubjectTrace,
        layerScale: Float
    ) -> Vec3 {
        let hy = camera.horizonRow, f = camera.focal
        let x = column + s.slope.x * f * 0.5
        let wave = s.slope.y * f
        let base = 2 * hy - row + wave
        var c = Vec3()
        let taps = s.smear > 0.5 ? 3 : 1
        for tap in 0..<taps {
            let offset = taps == 1 ? 0 : Float(tap - 1) * s.smear
            var r = base + offset
            let ix = Int(clamp(x, 0, Float(width - 1)))
            var hit = -1
            for _ in 0..<2 {
                let ir = Int(r)
                if r < 0 || ir >= height { break }
                let i = ir * width + ix
                let z = depth[i]
                if z == .infinity {
                    hit = i
                    break
                }
                hit = i
                r = base + offset + 2 * f * hc / max(z, 1)
            }
            let ir = Int(r)
            if r >= 0 && ir < height && hit >= 0 {
                // Two columns, so that smooth mirrors do not show stair steps.
                let i = ir * width + ix
                c += Vec3(colour[i].x, colour[i].y, colour[i].z)
            } else {
                c += sky.sample(x, min(r, hy))
            }
        }
        c *= 1 / Float(taps)
        // The subject's own mirror image.
        let layer = trace.layer
        var sub = Vec4()
        for tap in 0..<taps {
            let offset = taps == 1 ? 0 : Float(tap - 1) * s.smear * 0.6
            let r = (base + offset + 2 * f * hc / trace.distance) * layerScale
            let q = x * layerScale
            if r >= Float(layer.firstRow), r < Float(layer.endRow),
                q >= Float(layer.firstColumn), q < Float(layer.endColumn)
            {
                sub += layer.colour[Int(r) * layer.width + Int(q)]
            }
        }
        sub *= 1 / Float(taps)
        return c * (1 - sub.w) + Vec3(sub.x, sub.y, sub.z)
    }
}
