/// Brings world and subject together at full size.
struct Composition {
    let canvas: Canvas
    /// Depth of every pixel; infinity is the sky.
    let depth: UnsafeMutableBufferPointer<Float>
    /// Visible share of the subject.
    let mask: UnsafeMutableBufferPointer<Float>

    init(stage: Stage, layer: SubjectLayer, plan: Plan) {
        let width = plan.width, height = plan.height
        canvas = Canvas(width: width, height: height)
        depth = .allocate(capacity: width * height)
        depth.initialize(repeating: .infinity)
        mask = .allocate(capacity: width * height)
        mask.initialize(repeating: 0)
        blurBackground(stage, plan)
        copyWorld(stage)
        separate(layer, plan)
        place(layer, stage, plan)
    }

    func free() {
        depth.deallocate()
        mask.deallocate()
    }

    /// Things away from the subject's plane lose focus with a longer lens.
    private func blurBackground(_ stage: Stage, _ plan: Plan) {
        let radius = plan.blur * plan.worldScale
        if radius < 1 { return }
        let count = stage.width * stage.height
        let soft = UnsafeMutableBufferPointer<Vec4>.allocate(capacity: count)
        soft.initialize(repeating: .zero)
        defer { soft.deallocate() }
        for i in 0..<count { soft[i] = stage.colour[i] }
        let box = max(1, Int(radius * 0.85 + 0.5))
        Blur.box(soft, width: stage.width, height: stage.height, radius: box, passes: 2)
        let distance = plan.camera.subjectDistance
        for i in 0..<count {
            let z = stage.depth[i]
            let off = z == .infinity ? 1 : abs(1 - distance / z)
            let t = smoothstep(0.06, 0.42, off)
            if t > 0 { stage.colour[i] += (soft[i] - stage.colour[i]) * t }
        }
    }

    private func copyWorld(_ stage: Stage) {
        let width = canvas.width, height = canvas.height
        if stage.width == width {
            for i in 0..<(width * height) {
                canvas.pixels[i] = stage.colour[i]
                depth[i] = stage.depth[i]
            }
            return
        }
        let s = Float(stage.width) / Float(width)
        let sw = stage.width, sh = stage.height
        for row in 0..<height {
            let y = clamp((Float(row) + 0.5) * s - 0.5, 0, Float(sh) - 1.001)
            let iy = Int(y)
            let fy = y - Float(iy)
            let near = min(sh - 1, Int((Float(row) + 0.5) * s))
            for column in 0..<width {
                let x = clamp((Float(column) + 0.5) * s - 0.5, 0, Float(sw) - 1.001)
                let ix = Int(x)
                let fx = x - Float(ix)
                let i = iy * sw + ix
                let a = stage.colour[i] + (stage.colour[i + 1] - stage.colour[i]) * fx
                let b =
                    stage.colour[i + sw]
                    + (stage.colour[i + sw + 1] - stage.colour[i + sw]) * fx
                canvas.pixels[row * width + column] = a + (b - a) * fy
                let nx = min(sw - 1, Int((Float(column) + 0.5) * s))
                depth[row * width + column] = stage.depth[near * sw + nx]
            }
        }
    }

    /// Sets the tones right behind the subject apart from it: a silhouette must read at a glance.
    private func separate(_ layer: SubjectLayer, _ plan: Plan) {
        guard layer.firstRow < layer.endRow else { return }
        let width = canvas.width, height = canvas.height
        let factor = 8
        let small = Canvas(
            width: (width + factor - 1) / factor, height: (height + factor - 1) / factor)
        var own: Float = 0, ownWeight: Float = 0, behind: Float = 0, behindWeight: Float = 0
        for y in 0..<small.height {
            for x in 0..<small.width {
                let row = min(height - 1, y * factor + 4)
                let column = min(width - 1, x * factor + 4)
                let i = row * width + column
                let a = layer.colour[i]
                small.pixels[y * small.width + x] = Vec4(a.w, 0, 0, 0)
                own += luminance(Vec3(a.x, a.y, a.z))
                ownWeight += a.w
            }
        }
        if ownWeight < 0.5 { return }
        let reach = max(1, Int(0.075 * Float(height) / Float(factor)))
        Blur.box(
            small.pixels, width: small.width, height: small.height, radius: reach, passes: 3)
        for y in 0..<small.height {
            for x in 0..<small.width {
                let i = min(height - 1, y * factor + 4) * width + min(width - 1, x * factor + 4)
                let w = small.pixels[y * small.width + x].x * (1 - layer.colour[i].w)
                if w <= 0 { continue }
                let c = canvas.pixels[i]
                behind += luminance(Vec3(c.x, c.y, c.z)) * w
                behindWeight += w
            }
        }
        if behindWeight <= 0 { return }
        own /= ownWeight
        behind /= behindWeight
        // Ratio of tones in stops; little is done where they already differ.
        let stops = abs(log2((own + 0.02) / (behind + 0.02)))
        let need = 1 - smoothstep(0.4, 2.0, stops)
        if need <= 0 { return }
        let lift: Float = plan.framing.isClose ? 0.14 : 0.19
        let lifts = own <= behind * 1.15
        let veil = plan.palette.horizon * 0.8 + plan.palette.ambient * 0.25
        let distance = plan.camera.subjectDistance
        for row in 0..<height {
            for column in 0..<width {
                let i = row * width + column
                if depth[i] < distance * 1.12 { continue }
                let w = small.sample(
                    (Float(column) + 0.5) / Float(factor), (Float(row) + 0.5) / Float(factor)
                ).x
                if w <= 0.003 { continue }
                let t = min(1, w * 1.5) * need
                if lifts {
                    canvas.pixels[i] += (Vec4(veil, 1) - canvas.pixels[i]) * (lift * t)
                } else {
                    canvas.pixels[i] *= 1 - 0.25 * t
                }
            }
        }
    }

    private func place(_ layer: SubjectLayer, _ stage: Stage, _ plan: Plan) {
        guard layer.firstRow < layer.endRow else { return }
        let width = canvas.width
        let distance = plan.camera.subjectDistance
        let middle = stage.width / 2
        let air = stage.air(distance, middle)
        let veil = Vec4(air.colour, 0)
        let nearFactor: Float = plan.worldScale < 1 ? 0.7 : 1
        for row in layer.firstRow..<layer.endRow {
            for column in layer.firstColumn..<layer.endColumn {
                let i = row * width + column
                let s = layer.colour[i]
                if s.w <= 0.003 { continue }
                let z = layer.depth[i] == .infinity ? distance : layer.depth[i]
                if depth[i] < z * nearFactor { continue }
                let hazed = s + (veil * s.w - s) * Vec4(air.amount, air.amount, air.amount, 0)
                canvas.pixels[i] = canvas.pixels[i] * (1 - s.w) + hazed
                if s.w > 0.3 { depth[i] = z }
                mask[i] = min(1, s.w)
            }
        }
    }
}
