import RenderService

/// The peer in quality: a march of 400 steps through the depth map, which draws every jump of depth
/// as a slope, as a displaced mesh or a shader over one layer does.
struct RubberSheet {
    let luma: Plane<UInt8>
    let depth: Plane<Float>

    private static let steps = 400

    /// Luma as seen from a camera, y down.
    func view(_ x: Double, _ y: Double, _ z: Double, strength: Double, pivot: Double) -> [UInt8] {
        let (width, height) = (luma.width, luma.height)
        let (s, f) = (Float(strength), Float(pivot))
        let unit = Float(height)
        let depths = depth.values
        let samples = luma.values
        var result = [UInt8](repeating: 0, count: width * height)
        depths.withUnsafeBufferPointer { depths in
            samples.withUnsafeBufferPointer { samples in
                for row in 0..<height {
                    for column in 0..<width {
                        let px = (Float(column) + 0.5 - Float(width) / 2) / unit
                        let py = (Float(row) + 0.5 - Float(height) / 2) / unit
                        let ex = Float(x) - px * Float(z)
                        let ey = Float(y) - py * Float(z)
                        func place(_ t: Float) -> (Float, Float) {
                            (Float(column) + t * ex * unit, Float(row) + t * ey * unit)
                        }
                        let (near, far) = (s * (1 - f), s * (0 - f))
                        let step = (near - far) / Float(Self.steps)
                        var t = near
                        var before = gap(depths, place(t), t, s, f)
                        for _ in 0..<Self.steps {
                            let next = gap(depths, place(t - step), t - step, s, f)
                            if next >= 0 {
                                // Between the two samples the line meets the surface.
                                let share = before < 0 ? next / (next - before) : 1
                                t += step * (share - 1)
                                break
                            }
                            t -= step
                            before = next
                        }
                        let (qx, qy) = place(t)
                        let value = sample(samples, qx, qy) { Float($0) }
                        result[row * width + column] = UInt8(min(max(value, 0), 255) + 0.5)
                    }
                }
            }
        }
        return result
    }

    private func gap(
        _ depths: UnsafeBufferPointer<Float>, _ place: (Float, Float), _ t: Float, _ s: Float,
        _ f: Float
    ) -> Float {
        s * (sample(depths, place.0, place.1) { $0 } - f) - t
    }

    @inline(__always)
    private func sample<Stored>(
        _ plane: UnsafeBufferPointer<Stored>, _ x: Float, _ y: Float, _ read: (Stored) -> Float
    ) -> Float {
        let (width, height) = (luma.width, luma.height)
        let cx = min(max(x, 0), Float(width - 1))
        let cy = min(max(y, 0), Float(height - 1))
        let (ix, iy) = (min(Int(cx), width - 2), min(Int(cy), height - 2))
        let (fx, fy) = (cx - Float(ix), cy - Float(iy))
        let at = iy * width + ix
        let top = read(plane[at]) + (read(plane[at + 1]) - read(plane[at])) * fx
        let below = read(plane[at + width])
        let bottom = below + (read(plane[at + width + 1]) - below) * fx
        return top + (bottom - top) * fy
    }
}
