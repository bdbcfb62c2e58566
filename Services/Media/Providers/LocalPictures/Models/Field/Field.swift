/// The signed distance to a solid, over the primitives that a tile can see.
///
/// Pointers stay valid inside ``Solid/withField(_:)`` only.
struct Field {
    let primitives: UnsafePointer<Primitive>
    let slots: UnsafePointer<ProfileSlot>
    let tables: UnsafePointer<SIMD4<Float>>
    /// Strands per metre of the displaced fur outline.
    let furDetail: Float

    /// What four probes found: distance, nearest primitive, fur height and lie of the hair there.
    struct Found {
        var distance: Lane
        var fur: Lane
        var nearest: SIMD4<Int32>
        var flow: LanePoint
    }

    /// The smooth distance, without fur.
    func distance(_ p: LanePoint, _ list: UnsafePointer<Int32>, _ count: Int) -> Lane {
        evaluate(p, list, count, detail: 0).distance
    }

    /// The distance with fur standing off the surface.
    func furDistance(_ p: LanePoint, _ list: UnsafePointer<Int32>, _ count: Int) -> Lane {
        let found = evaluate(p, list, count, detail: 1)
        if any((found.distance .< found.fur * 1.5) .& (found.fur .> 0)) {
            return found.distance - found.fur * furHeight(p)
        }
        return found.distance - found.fur
    }

    /// A distance that no fur reaches beyond.
    func coneDistance(_ p: LanePoint, _ list: UnsafePointer<Int32>, _ count: Int) -> Lane {
        let found = evaluate(p, list, count, detail: 1)
        return found.distance - found.fur
    }

    /// Also notes which primitives still matter within `reach` of the points.
    func find(
        _ p: LanePoint, _ list: UnsafePointer<Int32>, _ count: Int, _ near: NearList, reach: Float
    ) -> Found {
        let found = evaluate(p, list, count, detail: 2, near.distances)
        near.count = 0
        for entry in 0..<count {
            let one = primitives + Int(list[entry])
            let margin = one.pointee.blend * 2 + reach * 2
            let distance = near.distances[entry]
            let matters =
                one.pointee.isCut
                ? any(-distance .> found.distance - margin)
                : any(distance .< found.distance + margin)
            if matters {
                near.members[near.count] = list[entry]
                near.count += 1
            }
        }
        return found
    }

    /// Height of the fur, 0 ... 1, in clumps that lie along the body.
    func furHeight(_ p: LanePoint) -> Lane {
        let q = LanePoint(
            x: p.x * (furDetail * 0.55) + p.y * (furDetail * 0.3), y: p.y * furDetail,
            z: p.z * furDetail)
        let fine = LanePoint(x: q.x * 2.3 + 17, y: q.y * 2.3, z: q.z * 2.3)
        return noise(q) * 0.65 + noise(fine) * 0.35
    }

    /// Adds the primitives of a list one by one. `detail` is a constant at each call: 0 leaves out
    /// fur, 1 carries fur height, 2 also the nearest primitive and the lie of hair.
    @inline(__always) private func evaluate(
        _ p: LanePoint, _ list: UnsafePointer<Int32>, _ count: Int, detail: Int,
        _ distances: UnsafeMutablePointer<Lane>? = nil
    ) -> Found {
        let far = Lane(repeating: 1e6)
        var best = Found(
            distance: far, fur: Lane(), nearest: SIMD4(repeating: -1), flow: LanePoint(Vec3()))
        var current = best
        var nearestRaw = far
        var bestRaw = far
        var group: Int32 = -1
        for entry in 0..<count {
            let index = list[entry]
            let primitive = primitives + Int(index)
            if primitive.pointee.group != group {
                merge(&best, &bestRaw, current, nearestRaw, detail)
                current.distance = far
                nearestRaw = far
                group = primitive.pointee.group
            }
            // Beyond this a primitive changes nothing here, and only a lower bound is worked out.
            let limit = lesser(current.distance, best.distance) + primitive.pointee.blend
            let raw = self.raw(primitive, p, limit)
            if detail == 2, let distances { distances[entry] = raw }
            if primitive.pointee.isCut {
                let inverse = -raw
                if detail == 2 {
                    let wins = inverse .> current.distance
                    current.nearest.replace(with: SIMD4(repeating: index), where: wins)
                }
                let share = unit(
                    0.5 + (inverse - current.distance) * (0.5 / primitive.pointee.blend))
                current.distance =
                    current.distance + (inverse - current.distance) * share
                    + share * (1 - share) * primitive.pointee.blend
                continue
            }
            let share = unit(0.5 + (raw - current.distance) * (0.5 / primitive.pointee.blend))
            let bite = share * (1 - share) * primitive.pointee.blend
            if detail >= 1 {
                let fur = primitive.pointee.fur
                current.fur = fur + (current.fur - fur) * share
            }
            if detail == 2 {
                let flow = primitive.pointee.flow
                current.flow.x = flow.x + (current.flow.x - flow.x) * share
                current.flow.y = flow.y + (current.flow.y - flow.y) * share
                current.flow.z = flow.z + (current.flow.z - flow.z) * share
                let wins = raw .< nearestRaw
                current.nearest.replace(with: SIMD4(repeating: index), where: wins)
                nearestRaw = lesser(raw, nearestRaw)
            }
            current.distance = raw + (current.distance - raw) * share - bite
        }
        merge(&best, &bestRaw, current, nearestRaw, detail)
        return best
    }

    @inline(__always) private func merge(
        _ best: inout Found, _ bestRaw: inout Lane, _ current: Found, _ raw: Lane, _ detail: Int
    ) {
        let wins = current.distance .< best.distance
        best.distance.replace(with: current.distance, where: wins)
        if detail >= 1 { best.fur.replace(with: current.fur, where: wins) }
        if detail == 2 {
            best.nearest.replace(with: current.nearest, where: wins)
            best.flow.x.replace(with: current.flow.x, where: wins)
            best.flow.y.replace(with: current.flow.y, where: wins)
            best.flow.z.replace(with: current.flow.z, where: wins)
        }
    }

    @inline(__always) private func raw(
        _ one: UnsafePointer<Primitive>, _ p: LanePoint, _ limit: Lane
    ) -> Lane {
        if one.pointee.shape == .capsule { return capsule(one, p) }
        if !one.pointee.isCut {
            let bound = self.bound(one, p)
            if all(bound .> limit) { return bound }
        }
        switch one.pointee.shape {
        case .capsule: return capsule(one, p)
        case .ellipsoid: return ellipsoid(one, p)
        case .box: return box(one, p)
        case .extrusion: return extrusion(one, p, limit)
        case .lathe: return lathe(one, p)
        case .torus: return torus(one, p)
        }
    }

    /// The distance to a primitive's bounds.
    @inline(__always) private func bound(_ one: UnsafePointer<Primitive>, _ p: LanePoint) -> Lane {
        let origin = one.pointee.boundA
        let axis = one.pointee.boundAxis
        let dx = p.x - origin.x
        let dy = p.y - origin.y
        let dz = p.z - origin.z
        let share = unit((dx * axis.x + dy * axis.y + dz * axis.z) * one.pointee.boundScale)
        let rx = dx - share * axis.x
        let ry = dy - share * axis.y
        let rz = dz - share * axis.z
        return root(rx * rx + ry * ry + rz * rz) - one.pointee.boundRadius
    }

    @inline(__always) private func capsule(
        _ one: UnsafePointer<Primitive>, _ p: LanePoint
    ) -> Lane {
        let origin = one.pointee.origin
        let axis = one.pointee.extent
        let dx = p.x - origin.x
        let dy = p.y - origin.y
        let dz = p.z - origin.z
        let share = unit((dx * axis.x + dy * axis.y + dz * axis.z) * one.pointee.scale)
        let rx = dx - share * axis.x
        let ry = dy - share * axis.y
        let rz = dz - share * axis.z
        return root(rx * rx + ry * ry + rz * rz) - (one.pointee.radius + share * one.pointee.slope)
    }

    private func ellipsoid(_ one: UnsafePointer<Primitive>, _ p: LanePoint) -> Lane {
        let q = one.pointee.local(p)
        let inverse = one.pointee.extent
        let ux = q.x * inverse.x
        let uy = q.y * inverse.y
        let uz = q.z * inverse.z
        let inner = root(ux * ux + uy * uy + uz * uz)
        let wx = ux * inverse.x
        let wy = uy * inverse.y
        let wz = uz * inverse.z
        let outer = root(wx * wx + wy * wy + wz * wz)
        return inner * (inner - 1) / greater(outer, Lane(repeating: 1e-4))
    }

    private func box(_ one: UnsafePointer<Primitive>, _ p: LanePoint) -> Lane {
        let q = one.pointee.local(p)
        let round = one.pointee.radius
        let half = one.pointee.extent
        let qx = unsigned(q.x) - (half.x - round)
        let qy = unsigned(q.y) - (half.y - round)
        let qz = unsigned(q.z) - (half.z - round)
        return corner(qx, qy, qz) - round
    }

    private func extrusion(
        _ one: UnsafePointer<Primitive>, _ p: LanePoint, _ limit: Lane
    ) -> Lane {
        let q = one.pointee.inUnits(p)
        let round = one.pointee.radius
        let side = profile(Int(one.pointee.side), q.x, q.y) + round
        if !one.pointee.isCut {
            let least = (side - round) * one.pointee.unit
            if all(least .> limit) { return least }
        }
        let lean = greater(q.y - one.pointee.scale, Lane()) * one.pointee.slope
        let width = unsigned(q.z) + lean
        let across: Lane
        if one.pointee.plan >= 0 {
            across = profile(Int(one.pointee.plan), q.x, width) + round
        } else {
            across = width - (one.pointee.extent.z - round)
        }
        let front: Lane
        if one.pointee.front >= 0 {
            front = profile(Int(one.pointee.front), unsigned(q.z), q.y) + round
        } else {
            front = Lane(repeating: -1e3)
        }
        return (corner(side, across, front) - round) * one.pointee.unit
    }

    private func lathe(_ one: UnsafePointer<Primitive>, _ p: LanePoint) -> Lane {
        let q = one.pointee.inUnits(p)
        let stretch = one.pointee.extent.x
        let sx = q.x * stretch
        let radial = root(sx * sx + q.z * q.z)
        var distance = profile(Int(one.pointee.side), radial, q.y)
        if stretch != 1 {
            let steep = root(sx * sx * (stretch * stretch) + q.z * q.z)
            distance = distance * lesser(radial / (steep + 1e-6), Lane(repeating: 1))
        }
        let depth = one.pointee.foldDepth
        if depth > 0, any(distance .< depth * 3) {
            let count = one.pointee.foldCount
            let inverse = 1 / (radial + 1e-4)
            let strength = unit((one.pointee.scale - q.y) * one.pointee.slope)
            let wave = noise(
                LanePoint(
                    x: sx * inverse * count + 40, y: q.y * one.pointee.radius,
                    z: q.z * inverse * count + 40))
            distance += (wave - 0.5) * strength * (2 * depth)
        }
        return distance * one.pointee.unit
    }

    private func torus(_ one: UnsafePointer<Primitive>, _ p: LanePoint) -> Lane {
        let q = one.pointee.local(p)
        let ring = root(q.x * q.x + q.z * q.z) - one.pointee.radius
        return root(ring * ring + q.y * q.y) - one.pointee.slope
    }

    @inline(__always) private func corner(_ a: Lane, _ b: Lane, _ c: Lane) -> Lane {
        let outA = greater(a, Lane())
        let outB = greater(b, Lane())
        let outC = greater(c, Lane())
        return root(outA * outA + outB * outB + outC * outC)
            + lesser(greater(a, greater(b, c)), Lane())
    }

    private func profile(_ index: Int, _ u: Lane, _ v: Lane) -> Lane {
        let slot = slots[index]
        let x = (u - slot.left) * slot.cellsPerMetre
        let y = (v - slot.bottom) * slot.cellsPerMetre
        // Comparisons stand so that even a value that is not a number stays in the table.
        let cx = lesser(Lane().replacing(with: x, where: x .> 0), Lane(repeating: slot.columnMax))
        let cy = lesser(Lane().replacing(with: y, where: y .> 0), Lane(repeating: slot.rowMax))
        // Rounding down may take a whole number for the one below it; the cell beneath then gives
        // the same value at its upper edge.
        let magic = Lane(repeating: 12_582_912)
        let wholeX = ((cx - 0.499_999_9) + magic) - magic
        let wholeY = ((cy - 0.499_999_9) + magic) - magic
        let fx = cx - wholeX
        let fy = cy - wholeY
        let place =
            unsafeBitCast(
                wholeY * slot.cellsPerRow + wholeX + magic, to: SIMD4<Int32>.self) &- 0x4b40_0000
        let table = tables + slot.first
        let a = table[Int(place[0])]
        let b = table[Int(place[1])]
        let c = table[Int(place[2])]
        let d = table[Int(place[3])]
        let lowLeft = Lane(a.x, b.x, c.x, d.x)
        let lowRight = Lane(a.y, b.y, c.y, d.y)
        let highLeft = Lane(a.z, b.z, c.z, d.z)
        let highRight = Lane(a.w, b.w, c.w, d.w)
        let low = lowLeft + (lowRight - lowLeft) * fx
        let high = highLeft + (highRight - highLeft) * fx
        let distance = low + (high - low) * fy
        let outX = (x - cx) * slot.cell
        let outY = (y - cy) * slot.cell
        let outside = outX * outX + outY * outY
        // The table's rim lies outside the outline, so both legs meet at an obtuse angle and this
        // never says more than the true distance.
        guard any(outside .> 0) else { return distance }
        return distance.replacing(
            with: root(distance * distance + outside), where: outside .> 0)
    }
}

/// The primitives near four points: room for every member of a list.
final class NearList {
    let members: UnsafeMutablePointer<Int32>
    let distances: UnsafeMutablePointer<Lane>
    var count = 0

    init(capacity: Int) {
        members = .allocate(capacity: max(capacity, 1))
        members.initialize(repeating: 0, count: max(capacity, 1))
        distances = .allocate(capacity: max(capacity, 1))
        distances.initialize(repeating: Lane(), count: max(capacity, 1))
    }

    deinit {
        members.deallocate()
        distances.deallocate()
    }
}
