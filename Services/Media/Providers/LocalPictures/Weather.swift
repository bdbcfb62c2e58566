/// What falls or floats in the air between camera and scene.
struct Weather {
    let plan: Plan

    func draw(on composition: Composition, stage: Stage) {
        let canvas = composition.canvas
        let w = Float(canvas.width), h = Float(canvas.height)
        var random = RandomSequence(seed: plan.noiseSeed &+ 4_242)
        let u = plan.unit
        let distance = plan.camera.subjectDistance
        let isWintry = plan.scene == .snowfield || plan.scene == .frozenLake
        let snows = plan.words.isSnowing || (plan.variation.falls && isWintry)
        if plan.scene.isIndoor || plan.scene == .space || plan.scene == .underwater {
            if plan.scene == .room { dust(composition, &random, count: 46) }
            return
        }
        if plan.words.isRaining {
            for _ in 0..<420 {
                let near = random.unit()
                let x = random.unit() * w * 1.1, y = random.unit() * h * 1.1 - 0.1 * h
                let length = (8 + 34 * near * near) * u
                let c = (plan.palette.horizon * 0.5 + plan.palette.ambient * 0.7)
                streak(canvas, x, y, length, c * (0.16 + 0.24 * near))
            }
        } else if snows {
            for _ in 0..<360 {
                let near = random.unit()
                let x = random.unit() * w, y = random.unit() * h
                let radius = (0.7 + 3.2 * near * near * near) * u
                let c = plan.palette.ambient * 0.7 + plan.palette.horizon * 0.45
                flake(composition, x, y, radius, c, 0.75 - 0.45 * near, distance, near)
            }
        } else if plan.mood == .dramatic || plan.framing.isClose {
            dust(composition, &random, count: plan.framing.isClose ? 38 : 60)
        }
    }

    /// Motes that catch the light; close views show them as discs of blur.
    private func dust(_ composition: Composition, _ random: inout RandomSequence, count: Int) {
        let w = Float(plan.width), h = Float(plan.height)
        let glow = plan.palette.glow * 0.55 + plan.palette.key * 0.16
        let large: Float = [1, 1.7, 4.4, 6.5][plan.framing.index] * plan.unit
        for _ in 0..<count {
            let r = random.unit()
            let x = random.unit() * w, y = random.unit() * h
            let radius = (0.5 + r * r * 1.1) * large
            let alpha: Float = plan.framing.isClose ? 0.10 + 0.16 * (1 - r) : 0.34
            flake(
                composition, x, y, radius, glow, alpha, plan.camera.subjectDistance,
                plan.framing.isClose ? 1 : 0.4)
        }
    }

    private func flake(
        _ composition: Composition, _ x: Float, _ y: Float, _ radius: Float, _ c: Vec3,
        _ alpha: Float, _ distance: Float, _ near: Float
    ) {
        let canvas = composition.canvas
        let r0 = max(0, Int(y - radius - 1)), r1 = min(canvas.height - 1, Int(y + radius + 1))
        let c0 = max(0, Int(x - radius - 1)), c1 = min(canvas.width - 1, Int(x + radius + 1))
        if r0 > r1 || c0 > c1 { return }
        for row in r0...r1 {
            for column in c0...c1 {
                let i = row * canvas.width + column
                if near < 0.45 && composition.depth[i] < distance * 0.98 { continue }
                let dx = Float(column) + 0.5 - x, dy = Float(row) + 0.5 - y
                let d = (dx * dx + dy * dy).squareRoot()
                let cover = clamp((radius - d) / max(1, radius * 0.3) + 0.4) * alpha
                if cover > 0 { canvas.pixels[i] += (Vec4(c, 1) - canvas.pixels[i]) * cover }
            }
        }
    }

    private func streak(_ canvas: Canvas, _ x: Float, _ y: Float, _ length: Float, _ c: Vec3) {
        let steps = max(1, Int(length))
        for k in 0..<steps {
            let row = Int(y) + k
            let column = Int(x - Float(k) * 0.16)
            if row < 0 || row >= canvas.height || column < 0 || column >= canvas.width { continue }
            let t = Float(k) / Float(steps)
            canvas.pixels[row * canvas.width + column] += Vec4(c * (t * (1 - t) * 3), 0)
        }
    }
}
