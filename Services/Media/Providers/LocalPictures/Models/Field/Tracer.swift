/// Follows rays through a view to the surface of a solid.
struct Tracer {
    let field: Field
    let view: View
    /// Whether fur stands off the surface (shadows do without).
    let hasFur: Bool

    /// Where four rays ended.
    struct Hits {
        var depth: Lane
        var isHit: LaneMask
        /// Smallest distance to the surface in pixels of the view, at or before `depth`.
        var closeness: Lane
    }

    @inline(__always) func point(
        _ start: LanePoint, _ ray: LanePoint, _ depth: Lane
    ) -> LanePoint {
        LanePoint(
            x: start.x + ray.x * depth, y: start.y + ray.y * depth, z: start.z + ray.z * depth)
    }

    /// Starts and directions of four rays.
    @inline(__always) func rays(_ columns: Lane, _ rows: Lane) -> (LanePoint, LanePoint) {
        let o = view.origin
        let ox = view.originStepX
        let oy = view.originStepY
        let d = view.direction
        let dx = view.stepX
        let dy = view.stepY
        return (
            LanePoint(
                x: o.x + ox.x * columns + oy.x * rows, y: o.y + ox.y * columns + oy.y * rows,
                z: o.z + ox.z * columns + oy.z * rows),
            LanePoint(
                x: d.x + dx.x * columns + dy.x * rows, y: d.y + dx.y * columns + dy.y * rows,
                z: d.z + dx.z * columns + dy.z * rows)
        )
    }

    /// Depths up to which four cones of `halfWidth` pixels meet nothing; infinite where a cone
    /// passes everything.
    func clearDepths(
        columns: Lane, rows: Lane, halfWidth: Float, near: Float, far: Float,
        _ list: UnsafePointer<Int32>, _ count: Int
    ) -> Lane {
        let (start, ray) = rays(columns, rows)
        let pace = 0.92 / root(ray.x * ray.x + ray.y * ray.y + ray.z * ray.z)
        var depth = Lane(repeating: near)
        var isOpen = LaneMask(repeating: true)
        var isPast = LaneMask(repeating: false)
        for _ in 0..<40 {
            var room = field.coneDistance(point(start, ray, depth), list, count)
            room -= view.footprint(depth) * halfWidth
            isOpen = isOpen .& (room .> 0)
            depth.replace(with: depth + room * pace, where: isOpen)
            isPast = isPast .| (isOpen .& (depth .> far))
            isOpen = isOpen .& .!isPast
            if !any(isOpen) { break }
        }
        // A cone that still creeps along a surface starts where it is.
        return depth.replacing(with: Lane(repeating: .infinity), where: isPast)
    }

    func hits(
        _ start: LanePoint, _ ray: LanePoint, from near: Lane, to far: Float,
        _ list: UnsafePointer<Int32>, _ count: Int
    ) -> Hits {
        let depthPerMetre = 1 / root(ray.x * ray.x + ray.y * ray.y + ray.z * ray.z)
        var depth = near
        var closest = Lane(repeating: 1e6)
        var closestDepth = near
        var isHit = LaneMask(repeating: false)
        var isOpen = depth .< far
        var last = Lane()
        var stride = Lane()
        let one = Lane(repeating: 1)
        let reachMax = Lane(repeating: hasFur ? 1 : 2.2)
        for step in 0..<80 {
            if !any(isOpen) { break }
            let p = point(start, ray, depth)
            let room =
                hasFur ? field.furDistance(p, list, count) : field.distance(p, list, count)
            let pixel = view.footprint(depth)
            let share = room / pixel
            let isCloser = isOpen .& (unsigned(share) .< closest)
            closest.replace(with: unsigned(share), where: isCloser)
            closestDepth.replace(with: depth, where: isCloser)
            let slack: Float = step > 32 ? 0.7 : 0.22
            // Where fur ends the distance leaps from outside to inside within a safe stride: that
            // is a surface as well.
            let isCrossed = (room .< 0) .& ((last .> 0)) .& (stride .<= last)
            let arrives = isOpen .& ((unsigned(share) .< slack) .| isCrossed)
            isHit = isHit .| arrives
            isOpen = isOpen .& .!arrives
            // Where the room shrinks evenly the surface is flat, and near it the stride may reach
            // for it. A stride too long ends inside, and is walked back.
            let fall = (last - room) / greater(stride, pixel * 1e-3)
            let reach = lesser(
                greater(0.97 / greater(fall, Lane(repeating: 0.05)), one), reachMax)
            var advance = greater(room, pixel * 0.25) * 0.94
            advance.replace(
                with: advance * reach, where: (stride .> 0) .& (share .< 5) .& (share .> 0))
            advance.replace(with: room, where: room .< 0)
            stride = advance
            last = room
            depth.replace(with: depth + advance * depthPerMetre, where: isOpen)
            isOpen = isOpen .& (depth .< far)
        }
        return Hits(depth: closestDepth, isHit: isHit, closeness: closest)
    }

    /// The outward directions of the surface at four points, where the distance is `here`.
    @inline(__always) func normals(
        _ p: LanePoint, here: Lane, reach: Lane, _ near: NearList
    ) -> LanePoint {
        let list = UnsafePointer(near.members)
        let alongX =
            field.distance(
                LanePoint(x: p.x + reach, y: p.y, z: p.z), list, near.count) - here
        let alongY =
            field.distance(
                LanePoint(x: p.x, y: p.y + reach, z: p.z), list, near.count) - here
        let alongZ =
            field.distance(
                LanePoint(x: p.x, y: p.y, z: p.z + reach), list, near.count) - here
        let square = alongX * alongX + alongY * alongY + alongZ * alongZ
        let scale = 1 / greater(root(square), Lane(repeating: 1e-12))
        return LanePoint(x: alongX * scale, y: alongY * scale, z: alongZ * scale)
    }

    /// Share of open air above a surface, 0 ... 1, out to `reach` metres.
    @inline(__always) func openness(
        _ p: Vec3, _ normal: Vec3, reach: Float, _ list: UnsafePointer<Int32>, _ count: Int
    ) -> Float {
        let heights = Lane(0.15, 0.35, 0.65, 1) * reach
        let probes = LanePoint(
            x: p.x + normal.x * heights, y: p.y + normal.y * heights, z: p.z + normal.z * heights)
        let d = field.distance(probes, list, count)
        let lack = (heights - d) / heights
        let weights = Lane(0.34, 0.28, 0.22, 0.16)
        let sum = (unit(lack) * weights).sum()
        return clamp(1 - sum * 1.25, 0.06, 1)
    }
}
