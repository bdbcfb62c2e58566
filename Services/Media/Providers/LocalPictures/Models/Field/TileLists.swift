/// Which primitives each tile of a view can see, and between which depths.
struct TileLists {
    /// Side of a tile, in pixels.
    let side: Int
    let columns: Int
    let rows: Int
    private(set) var firsts: [Int32]
    private(set) var members: [Int32] = []
    private(set) var near: [Float]
    private(set) var far: [Float]
    /// Depth at which each primitive begins.
    let begins: [Float]

    /// A primitive's bounds on the picture: a thick line.
    private struct Shade {
        var ax: Float, ay: Float, bx: Float, by: Float
        var radius: Float
        var near: Float, far: Float
        var touchesEye: Bool
    }

    /// - Parameter margin: Metres by which primitives are widened.
    init(_ solid: Solid, camera: Camera, turn: YawTurn, side: Int, margin: Float = 0) {
        let shades = solid.primitives.map { one in
            let a = turn.toWorld(one.boundA) - camera.position
            let b = turn.toWorld(one.boundB) - camera.position
            let radius = one.boundRadius + margin
            let near = min(a.z, b.z) - radius
            func reach(_ p: Vec3) -> Float {
                let slant = (1 + (p.x * p.x + p.y * p.y) / (p.z * p.z)).squareRoot()
                return radius * camera.focal / max(p.z - radius, 0.02) * slant
            }
            let touchesEye = near < 0.03
            let az = max(a.z, 0.03)
            let bz = max(b.z, 0.03)
            return Shade(
                ax: camera.centreColumn + a.x * camera.focal / az,
                ay: camera.horizonRow - a.y * camera.focal / az,
                bx: camera.centreColumn + b.x * camera.focal / bz,
                by: camera.horizonRow - b.y * camera.focal / bz,
                radius: max(reach(a), reach(b)) + 1, near: max(near, 0.02),
                far: max(a.z, b.z) + radius, touchesEye: touchesEye)
        }
        self.init(shades, width: camera.width, height: camera.height, side: side)
    }

    init(_ solid: Solid, along view: View) {
        let shades = solid.primitives.map { one in
            func place(_ p: Vec3) -> Vec3 {
                let d = p - view.origin
                let inverse = 1 / (view.grain * view.grain)
                return Vec3(
                    dot(d, view.originStepX) * inverse, dot(d, view.originStepY) * inverse,
                    dot(d, view.direction))
            }
            let a = place(one.boundA)
            let b = place(one.boundB)
            return Shade(
                ax: a.x, ay: a.y, bx: b.x, by: b.y, radius: one.boundRadius / view.grain + 1,
                near: max(min(a.z, b.z) - one.boundRadius, 0),
                far: max(a.z, b.z) + one.boundRadius, touchesEye: false)
        }
        self.init(shades, width: view.columns, height: view.rows, side: 16)
    }

    private init(_ shades: [Shade], width: Int, height: Int, side: Int) {
        self.side = side
        columns = (width + side - 1) / side
        rows = (height + side - 1) / side
        firsts = [0]
        begins = shades.map { $0.touchesEye ? 0 : $0.near }
        near = []
        far = []
        let half = Float(side) * 0.5
        let corner = half * 1.4143
        for row in 0..<rows {
            for column in 0..<columns {
                let x = Float(column * side) + half
                let y = Float(row * side) + half
                var closest = Float.infinity
                var furthest: Float = 0
                for (index, shade) in shades.enumerated() {
                    let ex = shade.bx - shade.ax
                    let ey = shade.by - shade.ay
                    let dx = x - shade.ax
                    let dy = y - shade.ay
                    let share = clamp((dx * ex + dy * ey) / max(ex * ex + ey * ey, 1e-9))
                    let rx = dx - share * ex
                    let ry = dy - share * ey
                    let reach = shade.radius + corner
                    guard shade.touchesEye || rx * rx + ry * ry < reach * reach else { continue }
                    members.append(Int32(truncatingIfNeeded: index))
                    closest = min(closest, shade.near)
                    furthest = max(furthest, shade.far)
                }
                firsts.append(Int32(truncatingIfNeeded: members.count))
                near.append(closest)
                far.append(furthest)
            }
        }
    }

    /// The members of one tile.
    @inline(__always) func range(_ tile: Int) -> (first: Int, count: Int) {
        let first = Int(firsts[tile])
        return (first, Int(firsts[tile + 1]) - first)
    }
}
