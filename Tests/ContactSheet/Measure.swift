import Glibc
import LocalPictures

enum Options {
    static let directions = ["cinematic", "social", "artistic", "documentary"]
    static let moods = ["dramatic", "peaceful", "mysterious", "nostalgic"]
    static let framings = ["wide", "medium", "closeup", "extreme_closeup"]
    static let lightings = ["golden_hour", "blue_hour", "high_key", "low_key"]
}

func randomRecipes(count: Int, seed: UInt64) -> [PictureRecipe] {
    var state = seed
    func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
    return (0..<count).map { i in
        PictureRecipe(
            intent: Sheet.scenes[(i + next(3)) % Sheet.scenes.count],
            direction: Options.directions[next(4)], mood: Options.moods[next(4)],
            framing: Options.framings[next(4)], lighting: Options.lightings[next(4)],
            seed: UInt64(next(3)))
    }
}

/// Subjects whose close-ups take long, as prints, which take longest.
private func heavyRecipes() -> [PictureRecipe] {
    let intents = [
        "a running shoe in a studio", "a wrist watch in a studio", "a woman in a red dress",
        "a man in a street in the rain", "a girl with a balloon in a garden", "a bicycle on a road",
        "a red car in a city street", "a black cat on a rooftop", "a horse in a meadow",
        "a bear at a waterfall", "a steam train in a wheat field", "a robot in a street",
        "an astronaut on the moon", "a diver at a reef", "a rowing boat on a lake",
        "a lighthouse on a cliff", "a heron at a lake", "a book on a desk",
    ]
    return intents.enumerated().flatMap { i, intent in
        ["closeup", "extreme_closeup"].map { framing in
            PictureRecipe(
                intent: intent, direction: "artistic", mood: Options.moods[i % 4],
                framing: framing, lighting: Options.lightings[i / 2 % 4])
        }
    }
}

/// Processor time of 60 random recipes and of heavy ones on one thread.
func measureTime() {
    var times: [(Double, PictureRecipe)] = []
    for recipe in randomRecipes(count: 60, seed: 5) + heavyRecipes() {
        var best = 1e9
        for _ in 0..<2 {
            var start = timespec(), end = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
            _ = try? renderPicture(recipe, isCancelled: { false })
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
            let seconds =
                Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
            best = min(best, seconds)
        }
        times.append((best, recipe))
    }
    times.sort { $0.0 < $1.0 }
    func at(_ share: Double) -> Int { Int(times[Int(share * Double(times.count - 1))].0 * 1000) }
    print("ms: min \(at(0)) p50 \(at(0.5)) p90 \(at(0.9)) p100 \(at(1))")
    for (seconds, r) in times.suffix(10) {
        let options = "\(r.direction ?? "") \(r.mood ?? "") \(r.framing ?? "") \(r.lighting ?? "")"
        print(Int(seconds * 1000), r.intent, options)
    }
}

/// How far apart the four options of each step are at a glance (32 x 18, mean dE76).
func measureFloors(only: String?) {
    for (i, intent) in Sheet.scenes.enumerated() {
        if let only, !intent.contains(only) { continue }
        let base = PictureRecipe(
            intent: intent, direction: Options.directions[i % 4],
            mood: Options.moods[(i / 4 + i) % 4], framing: "wide",
            lighting: Options.lightings[(i / 2) % 4], width: 256, height: 144)
        var line = ""
        for axis in 0..<4 {
            var glances: [[Double]] = []
            var areas: [Double] = []
            for option in 0..<4 {
                var recipe = base
                switch axis {
                case 0: recipe.direction = Options.directions[option]
                case 1: recipe.mood = Options.moods[option]
                case 2: recipe.framing = Options.framings[option]
                default: recipe.lighting = Options.lightings[option]
                }
                guard let picture = try? renderPicture(recipe, isCancelled: { false }) else {
                    return
                }
                var rgb = picture.rgb
                drawOverlay(
                    picture.overlay, onto: &rgb, width: picture.width, height: picture.height)
                glances.append(lab(reduced(rgb, picture.width, picture.height, 32, 18)))
                areas.append(picture.subjectMask.reduce(0.0) { $0 + Double($1) })
            }
            var least = 1e9, pair = ""
            for a in 0..<4 {
                for b in 0..<a {
                    let d = difference(glances[a], glances[b])
                    if d < least { pair = "\(b)-\(a)" }
                    least = min(least, d)
                }
            }
            let name = ["direction", "mood", "framing", "lighting"][axis]
            line += " \(name) \(Double(Int(least * 10)) / 10)"
            if least < (axis == 2 ? 8 : 10) { line += "(! \(pair))" }
            if axis == 2 {
                let ratios = (1..<4).map { areas[$0] / max(1, areas[$0 - 1]) }
                let worst = ratios.min() ?? 0
                line += " area x\(Double(Int(worst * 100)) / 100)"
                if worst < 1.6 { line += "(! \(areas.map { Int($0 / 36_864 / 2.55) }))" }
            }
        }
        print(intent, line)
    }
}

private func lab(_ rgb: [UInt8]) -> [Double] {
    var result: [Double] = []
    func linear(_ v: UInt8) -> Double {
        let x = Double(v) / 255
        return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4)
    }
    func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16 / 116 }
    for i in stride(from: 0, to: rgb.count, by: 3) {
        let r = linear(rgb[i]), g = linear(rgb[i + 1]), b = linear(rgb[i + 2])
        let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
        let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b)
        let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
        result += [116 * y - 16, 500 * (x - y), 200 * (y - z)]
    }
    return result
}

private func difference(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in stride(from: 0, to: a.count, by: 3) {
        let dl = a[i] - b[i], da = a[i + 1] - b[i + 1], db = a[i + 2] - b[i + 2]
        sum += (dl * dl + da * da + db * db).squareRoot()
    }
    return sum / Double(a.count / 3)
}
