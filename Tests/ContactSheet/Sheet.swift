import Glibc
import LocalPictures

/// A finished mosaic.
struct Mosaic {
    var width: Int
    var height: Int
    var rgb: [UInt8]
}

func write(_ mosaic: Mosaic, to path: String) -> Bool {
    guard let file = fopen(path, "wb") else { return false }
    let header = Array("P6\n\(mosaic.width) \(mosaic.height)\n255\n".utf8)
    let wrote =
        fwrite(header, 1, header.count, file) == header.count
        && fwrite(mosaic.rgb, 1, mosaic.rgb.count, file) == mosaic.rgb.count
    return fclose(file) == 0 && wrote
}

/// A list of recipes side by side.
struct Sheet {
    var recipes: [PictureRecipe] = []
    var columns = 2
    var showsDepth = false

    static let scenes = [
        "a fox on a frozen lake", "a heron at a mountain lake", "a sailing boat on the open sea",
        "a woman on a beach", "a deer in a pine forest", "a hiker in the mountains",
        "a traveller in the desert", "a cat on a rooftop over the skyline",
        "a man with an umbrella in a city street in the rain", "an armchair in a living room",
        "an old red car on a country road", "a wolf in a snow field", "an astronaut on the moon",
        "a bear at a river with a waterfall", "a horse in a meadow", "a fisherman at a harbour",
        "a girl with a balloon in a garden", "a leather handbag in a studio",
        "a diver at a coral reef underwater", "a robot in a street", "a train in a wheat field",
    ]

    /// - Parameter options: ids that replace the base's own, of any step.
    init(named name: String, intent: String?, options: [String] = []) {
        let line = intent ?? "a fox crossing a frozen lake at dawn"
        var base = PictureRecipe(
            intent: line, direction: "cinematic", mood: "dramatic", framing: "wide",
            lighting: "golden_hour")
        for id in options {
            if Options.directions.contains(id) { base.direction = id }
            if Options.moods.contains(id) { base.mood = id }
            if Options.framings.contains(id) { base.framing = id }
            if Options.lightings.contains(id) { base.lighting = id }
            if let seed = UInt64(id) { base.seed = seed }
        }
        func vary(_ ids: [String], _ set: (inout PictureRecipe, String) -> Void) {
            recipes = ids.map { id in
                var recipe = base
                set(&recipe, id)
                return recipe
            }
        }
        switch name {
        case "one":
            recipes = [base]
            columns = 1
        case "directions": vary(Options.directions) { $0.direction = $1 }
        case "moods": vary(Options.moods) { $0.mood = $1 }
        case "framings": vary(Options.framings) { $0.framing = $1 }
        case "lightings": vary(Options.lightings) { $0.lighting = $1 }
        case "scenes", "prints", "nights":
            columns = 3
            recipes = Self.scenes.map { PictureRecipe(intent: $0, direction: "cinematic") }
            for i in recipes.indices {
                if name == "prints" { recipes[i].direction = "artistic" }
                recipes[i].framing = "wide"
                recipes[i].mood = Options.moods[name == "prints" ? (i + 1) % 4 : i % 4]
                if name == "nights" { recipes[i].lighting = i % 2 == 0 ? "low_key" : "blue_hour" }
                if name == "nights" { recipes[i].direction = i % 3 == 0 ? "documentary" : "social" }
            }
        case "random":
            columns = 4
            recipes = randomRecipes(count: 24, seed: 11)
        case "aspects":
            columns = 4
            let sizes = [(1024, 576), (576, 1024), (768, 768), (896, 672)]
            for line in [line, "a red car in a city street at night"] {
                for (w, h) in sizes {
                    var recipe = base
                    recipe.intent = line
                    recipe.width = w
                    recipe.height = h
                    recipes.append(recipe)
                }
            }
        case "draws":
            columns = 3
            for i in 0..<6 {
                var recipe = base
                recipe.seed = UInt64(i)
                recipes.append(recipe)
            }
        case "depth":
            columns = 3
            showsDepth = true
            let lines = [line, "a man in a city street at night", "a sailing boat on the sea"]
            for (i, line) in lines.enumerated() {
                var recipe = base
                recipe.intent = line
                recipe.direction = Options.directions[i]
                recipe.framing = ["closeup", "wide", "wide"][i]
                recipe.lighting = ["golden_hour", "low_key", "golden_hour"][i]
                recipes.append(recipe)
            }
        default:
            // All sixteen pictures of one intent.
            columns = 4
            for axis in 0..<4 {
                for option in 0..<4 {
                    var recipe = base
                    switch axis {
                    case 0: recipe.direction = Options.directions[option]
                    case 1: recipe.mood = Options.moods[option]
                    case 2: recipe.framing = Options.framings[option]
                    default: recipe.lighting = Options.lightings[option]
                    }
                    recipes.append(recipe)
                }
            }
        }
    }

    func draw(cellWidth: Int) -> Mosaic {
        let gap = 4
        let cellHeight = cellWidth * 9 / 16
        let rowsPerPicture = showsDepth ? 2 : 1
        let rows = (recipes.count + columns - 1) / columns * rowsPerPicture
        var mosaic = Mosaic(
            width: columns * (cellWidth + gap) - gap, height: rows * (cellHeight + gap) - gap,
            rgb: [])
        mosaic.rgb = [UInt8](repeating: 24, count: mosaic.width * mosaic.height * 3)
        for (i, recipe) in recipes.enumerated() {
            guard let picture = try? renderPicture(recipe, isCancelled: { false }) else { continue }
            var rgb = picture.rgb
            drawOverlay(
                picture.overlay, onto: &rgb, width: picture.width, height: picture.height)
            let x = i % columns * (cellWidth + gap)
            let y = i / columns * rowsPerPicture * (cellHeight + gap)
            mosaic.paste(rgb, picture.width, picture.height, x, y, cellWidth, cellHeight)
            if showsDepth {
                let grey = picture.depth.flatMap { [UInt8](repeating: UInt8($0 >> 8), count: 3) }
                mosaic.paste(
                    grey, picture.width, picture.height, x, y + cellHeight + gap, cellWidth,
                    cellHeight)
            }
        }
        return mosaic
    }
}

extension Mosaic {
    /// Pastes a picture into a cell, scaled by area averages, proportions kept.
    mutating func paste(
        _ source: [UInt8], _ w: Int, _ h: Int, _ x: Int, _ y: Int, _ cw: Int, _ ch: Int
    ) {
        let scale = min(Double(cw) / Double(w), Double(ch) / Double(h))
        let tw = min(cw, Int(Double(w) * scale + 0.5)), th = min(ch, Int(Double(h) * scale + 0.5))
        let left = x + (cw - tw) / 2
        let small = reduced(source, w, h, tw, th)
        for row in 0..<th {
            for column in 0..<(tw * 3) {
                rgb[((y + row) * width + left) * 3 + column] = small[row * tw * 3 + column]
            }
        }
    }
}

/// Area averages of an RGB picture.
func reduced(_ source: [UInt8], _ w: Int, _ h: Int, _ tw: Int, _ th: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: tw * th * 3)
    for row in 0..<th {
        let y0 = row * h / th, y1 = max(y0 + 1, (row + 1) * h / th)
        for column in 0..<tw {
            let x0 = column * w / tw, x1 = max(x0 + 1, (column + 1) * w / tw)
            for channel in 0..<3 {
                var sum = 0
                for y in y0..<y1 {
                    for x in x0..<x1 { sum += Int(source[(y * w + x) * 3 + channel]) }
                }
                result[(row * tw + column) * 3 + channel] = UInt8(sum / ((y1 - y0) * (x1 - x0)))
            }
        }
    }
    return result
}
