import LocalPictures
import Testing

/// One base of the convergence flow: an intent with an upstream choice.
struct Base: Sendable, CustomStringConvertible {
    var intent: String
    var direction: String
    var mood: String
    var lighting: String

    var description: String { intent }

    /// One base of each place, and of several subjects; the upstream choices go round.
    static let all: [Base] = [
        "a fox on a frozen lake", "a heron at a mountain lake", "a sailing boat on the open sea",
        "a woman on a beach", "a deer in a pine forest", "a hiker in the mountains",
        "a traveller in the desert", "a cat on a rooftop over the skyline",
        "a man with an umbrella in a city street in the rain", "an armchair in a living room",
        "an old red car on a country road", "a wolf in a snow field", "an astronaut on the moon",
        "a bear at a river with a waterfall", "a horse in a meadow", "a fisherman at a harbour",
        "a girl with a balloon in a garden", "a leather handbag in a studio",
        "a diver at a coral reef underwater", "a robot in a street", "a train in a wheat field",
    ].enumerated().map { i, intent in
        Base(
            intent: intent, direction: Options.directions[i % 4],
            mood: Options.moods[(i / 4 + i) % 4], lighting: Options.lightings[(i / 2) % 4])
    }

    func recipe(_ change: (inout PictureRecipe) -> Void) -> PictureRecipe {
        var recipe = PictureRecipe(
            intent: intent, direction: direction, mood: mood, framing: "wide", lighting: lighting,
            width: 256, height: 144)
        change(&recipe)
        return recipe
    }
}

@Suite struct LocalPictureTests {
    static let places = [
        "a fox on a frozen lake", "a heron at a mountain lake", "a sailing boat on the open sea",
        "a woman on a beach", "a deer in a pine forest", "a hiker in the mountains",
        "a traveller in the desert", "a cat on a rooftop", "a man in a city street",
        "an armchair in a living room", "a red car on a country road", "a wolf in the snow",
        "an astronaut on the moon", "a bear at a waterfall", "a horse in a meadow",
        "a fisherman at a harbour", "a girl in a garden", "a handbag in a studio",
        "a diver underwater",
    ]

    @Test func `equal recipes give equal bytes, also on two threads at once`() async throws {
        for intent in ["a fox on a frozen lake", "a man in a city street in the rain"] {
            let wanted = recipe(intent, direction: "artistic", framing: "medium")
            let first = digest(try render(wanted))
            let others = try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<2 { group.addTask { digest(try render(wanted)) } }
                var all: [UInt64] = []
                for try await value in group { all.append(value) }
                return all
            }
            #expect(others == [first, first])
        }
    }

    @Test(arguments: Base.all)
    func `directions, moods and lightings differ at a glance`(_ base: Base) throws {
        let axes: [(String, [String], (inout PictureRecipe, String) -> Void)] = [
            ("direction", Options.directions, { $0.direction = $1 }),
            ("mood", Options.moods, { $0.mood = $1 }),
            ("lighting", Options.lightings, { $0.lighting = $1 }),
        ]
        for (axis, options, set) in axes {
            let glances = try options.map { id in glance(try render(base.recipe { set(&$0, id) })) }
            for a in 0..<4 {
                for b in 0..<a {
                    let d = difference(glances[a], glances[b])
                    #expect(d >= 10, "\(axis) \(options[b]) and \(options[a]) of \(base): \(d)")
                }
            }
        }
    }

    @Test(arguments: Base.all)
    func `framings differ at a glance and come clearly closer`(_ base: Base) throws {
        let pictures = try Options.framings.map { id in try render(base.recipe { $0.framing = id })
        }
        let glances = pictures.map(glance)
        for a in 0..<4 {
            for b in 0..<a {
                let d = difference(glances[a], glances[b])
                #expect(
                    d >= 8, "\(Options.framings[b]) and \(Options.framings[a]) of \(base): \(d)")
            }
        }
        let areas = pictures.map { $0.subjectMask.reduce(0.0) { $0 + Double($1) } }
        for i in 1..<4 {
            #expect(areas[i] >= 1.6 * areas[i - 1], "\(Options.framings[i]) of \(base): \(areas)")
        }
    }

    @Test func `every place looks different from every other`() throws {
        let glances = try Self.places.map { glance(try render(recipe($0, direction: "social"))) }
        for a in glances.indices {
            for b in 0..<a {
                let d = difference(glances[a], glances[b])
                #expect(d > 5, "\(Self.places[b]) and \(Self.places[a]): \(d)")
            }
        }
    }

    @Test(arguments: [
        ("a fox on a frozen lake", "a wolf on a frozen lake"),
        ("a fox on a frozen lake", "a fox in a forest"),
        ("a red car on a country road", "a blue car on a country road"),
        ("a man in a street", "a man with an umbrella in a street in the rain"),
        ("a traveller in the desert", "a horse in the desert"),
    ])
    func `words change the picture`(_ first: String, _ second: String) throws {
        #expect(digest(try render(recipe(first))) != digest(try render(recipe(second))))
    }

    @Test func `plurals and synonyms name the same place`() throws {
        let a = try render(recipe("fox, forest"))
        let b = try render(recipe("fox, forests"))
        #expect(difference(glance(a), glance(b)) < 12)
    }

    @Test(arguments: ["a diver", "a diver in the sea", "a scuba diver at a lake"])
    func `a diver is under water, whatever water is named`(_ intent: String) throws {
        let dived = glance(try render(recipe(intent, direction: "social")))
        let reef = glance(
            try render(recipe("a diver at a coral reef underwater", direction: "social")))
        #expect(difference(dived, reef) < 1)
    }

    @Test func `an astronaut without a place stands in space`() throws {
        let alone = glance(try render(recipe("an astronaut")))
        let moon = glance(try render(recipe("an astronaut on the moon")))
        let traveller = glance(try render(recipe("a traveller on the moon")))
        #expect(difference(alone, moon) < 8)
        #expect(difference(traveller, moon) > 0.5)
    }

    @Test(arguments: places)
    func `the subject is there and nearer than what is behind it`(_ intent: String) throws {
        let picture = try render(recipe(intent, framing: "medium"))
        var subject: [UInt16] = [], holes = 0, covered = 0, sky = 0
        for i in 0..<(picture.width * picture.height) {
            if picture.depth[i] == 0 { sky += 1 }
            guard picture.subjectMask[i] > 250 else { continue }
            covered += 1
            subject.append(picture.depth[i])
            if picture.depth[i] == 0 { holes += 1 }
        }
        try #require(covered > 150, "the subject covers \(covered) pixels")
        #expect(holes == 0)
        subject.sort()
        let middle = Double(subject[subject.count / 2])
        // The ring of pixels a little above the subject's own rows is farther on average.
        var behind = 0.0, count = 0.0
        for row in 4..<(picture.height / 2) {
            for column in 0..<picture.width
            where picture.subjectMask[row * picture.width + column] == 0 {
                behind += Double(picture.depth[row * picture.width + column])
                count += 1
            }
        }
        #expect(middle > 1.3 * behind / max(1, count))
        #expect(subject[subject.count / 50] > 0)
    }

    @Test func `open sky has no depth`() throws {
        let picture = try render(recipe("a horse in a meadow", direction: "documentary"))
        let top = picture.depth.prefix(picture.width * 8)
        #expect(top.filter { $0 == 0 }.count > picture.width * 7)
    }

    @Test(arguments: Options.lightings)
    func `light is not clipped`(_ lighting: String) throws {
        for (i, intent) in Self.places.enumerated() where i % 3 == 0 {
            let picture = try render(
                recipe(intent, direction: "social", mood: Options.moods[i % 4], lighting: lighting))
            var clipped = 0
            for i in stride(from: 0, to: picture.rgb.count, by: 3)
            where picture.rgb[i] == 255 && picture.rgb[i + 1] == 255 && picture.rgb[i + 2] == 255 {
                clipped += 1
            }
            let share = Double(clipped) / Double(picture.width * picture.height)
            #expect(share < (lighting == "high_key" ? 0.12 : 0.04), "\(intent): \(share)")
        }
    }

    @Test(arguments: [(1024, 576), (576, 1024), (768, 768), (896, 672), (672, 896)])
    func `every aspect ratio is composed`(_ width: Int, _ height: Int) throws {
        var wanted = recipe("a red car on a country road")
        wanted.width = width / 4
        wanted.height = height / 4
        let picture = try render(wanted)
        #expect(picture.width == width / 4 && picture.height == height / 4)
        #expect(picture.rgb.count == 3 * picture.depth.count)
        // The whole subject is inside the frame.
        var left = 0, right = 0, all = 0
        for row in 0..<picture.height {
            for column in 0..<picture.width {
                let covers = picture.subjectMask[row * picture.width + column] > 128
                all += covers ? 1 : 0
                if column == 0 { left += covers ? 1 : 0 }
                if column == picture.width - 1 { right += covers ? 1 : 0 }
            }
        }
        #expect(all > 100 && left == 0 && right == 0)
    }

    @Test func `another draw of fragments or another seed changes the composition`() throws {
        var first = recipe("a fox on a frozen lake")
        first.fragments = ["cinematic composition", "film-like quality"]
        let base = glance(try render(first))
        for draw in [
            ["film-like quality", "anamorphic lens feel"],
            ["cinematic composition", "dramatic framing"],
        ] {
            var other = first
            other.fragments = draw
            let d = difference(base, glance(try render(other)))
            #expect(d > 5, "\(draw): \(d)")
        }
        for seed in 1...3 {
            var other = first
            other.seed = UInt64(seed)
            let d = difference(base, glance(try render(other)))
            #expect(d > 5, "seed \(seed): \(d)")
        }
    }

    @Test(arguments: ["a deer in a forest", "a fisherman at a harbour", "a diver at a reef"])
    func `other draws keep a close subject in the frame`(_ intent: String) throws {
        func area(_ seed: UInt64, _ framing: String) throws -> Double {
            var wanted = recipe(intent, direction: "social", framing: framing)
            wanted.seed = seed
            return try render(wanted).subjectMask.reduce(0.0) { $0 + Double($1) }
        }
        for framing in ["closeup", "extreme_closeup"] {
            let first = try area(0, framing)
            for seed in 1...6 {
                let other = try area(UInt64(seed), framing)
                #expect(other > 0.6 * first, "\(framing), seed \(seed): \(other / first)")
            }
        }
    }

    @Test func `what is not chosen yet is filled in`() throws {
        let picture = try render(
            PictureRecipe(intent: "a fox at night", direction: "social", width: 256, height: 144))
        #expect(picture.rgb.contains { $0 > 40 })
        let unknown = PictureRecipe(
            intent: "", direction: "no such option", width: 128, height: 72)
        #expect(try render(unknown).rgb.count == 128 * 72 * 3)
    }

    @Test func `a cancelled picture throws`() {
        #expect(throws: PictureCancelled.self) {
            _ = try renderPicture(recipe("a fox"), isCancelled: { true })
        }
    }
}
