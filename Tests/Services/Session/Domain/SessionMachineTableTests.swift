import SessionService
import Testing

/// Every command at every place where a session can stand, in one table.
///
/// A step's first letters: the session is written and stands there (`=` for the same place).
/// `+mood`: pictures of mood are to be made. `-`: nothing to write. `ends`: the session is
/// abandoned. `X`: a conflict with the step. `gone`: expired. `inval`, `incom`: the other refusals.
@Suite struct SessionMachineTableTests {
    /// Where a session stands. Every option has its picture but the last of each dimension.
    private enum Place: String, CaseIterable {
        case direction, mood, framing, lighting, camera, offered, subject, preview, completed
        case abandoned, expired

        var column: String { String(rawValue.prefix(5)) }
    }

    /// A row for each command and kind of argument.
    private enum Row: String, CaseIterable {
        case selectDirection, selectMood, selectFraming, selectLighting, selectFailed
        case selectUnknown
        case regenerateDirection, regenerateMood, regenerateFraming, regenerateLighting
        case retryDirection, retryMood, retryFraming, retryLighting, retryMade, retryUnknown
        case back
        case jumpIntent, jumpDirection, jumpMood, jumpFraming, jumpLighting, jumpCamera
        case jumpSubject, jumpPreview, jumpComplete
        case resume, abandon
        case intentSame, intentOther, intentBlank
        case camera, selectCamera, selectCameraUnknown
        case subject, subjectBlank, skipSubject, finalize

        /// The command, for a session that stands at `step`.
        func command(at step: Step) -> Command {
            let own = step.dimension ?? .direction
            let options = MachineShell.options[own] ?? []
            switch self {
            case .selectDirection: return .select(.direction, optionID: "cinematic")
            case .selectMood: return .select(.mood, optionID: "dramatic")
            case .selectFraming: return .select(.framing, optionID: "wide")
            case .selectLighting: return .select(.lighting, optionID: "golden_hour")
            case .selectFailed: return .select(own, optionID: options[3])
            case .selectUnknown: return .select(own, optionID: "nonsense")
            case .regenerateDirection: return .regenerate(.direction)
            case .regenerateMood: return .regenerate(.mood)
            case .regenerateFraming: return .regenerate(.framing)
            case .regenerateLighting: return .regenerate(.lighting)
            case .retryDirection: return .retry(.direction, optionID: "documentary")
            case .retryMood: return .retry(.mood, optionID: "nostalgic")
            case .retryFraming: return .retry(.framing, optionID: "extreme_closeup")
            case .retryLighting: return .retry(.lighting, optionID: "low_key")
            case .retryMade: return .retry(own, optionID: options[0])
            case .retryUnknown: return .retry(own, optionID: "nonsense")
            case .back: return .back
            case .jumpIntent: return .jump(.intent)
            case .jumpDirection: return .jump(.direction)
            case .jumpMood: return .jump(.mood)
            case .jumpFraming: return .jump(.framing)
            case .jumpLighting: return .jump(.lighting)
            case .jumpCamera: return .jump(.cameraMotion)
            case .jumpSubject: return .jump(.subjectMotion)
            case .jumpPreview: return .jump(.preview)
            case .jumpComplete: return .jump(.complete)
            case .resume: return .resume
            case .abandon: return .abandon
            case .intentSame: return .editIntent(" a fox ")
            case .intentOther: return .editIntent("a boat")
            case .intentBlank: return .editIntent(" \n ")
            case .camera: return .cameraMotion
            case .selectCamera: return .selectCameraMotion("push_in")
            case .selectCameraUnknown: return .selectCameraMotion("nonsense")
            case .subject: return .subjectMotion("ears twitch")
            case .subjectBlank: return .subjectMotion("  ")
            case .skipSubject: return .skipSubjectMotion
            case .finalize: return .finalize
            }
        }

        /// The rows of a command: a new command does not compile until it has one here.
        static func rows(of command: Command) -> [Row] {
            switch command {
            case .select:
                [
                    .selectDirection, .selectMood, .selectFraming, .selectLighting,
                    .selectFailed, .selectUnknown,
                ]
            case .regenerate:
                [.regenerateDirection, .regenerateMood, .regenerateFraming, .regenerateLighting]
            case .retry:
                [
                    .retryDirection, .retryMood, .retryFraming, .retryLighting, .retryMade,
                    .retryUnknown,
                ]
            case .back: [.back]
            case .jump:
                [
                    .jumpIntent, .jumpDirection, .jumpMood, .jumpFraming, .jumpLighting,
                    .jumpCamera, .jumpSubject, .jumpPreview, .jumpComplete,
                ]
            case .resume: [.resume]
            case .abandon: [.abandon]
            case .editIntent: [.intentSame, .intentOther, .intentBlank]
            case .cameraMotion: [.camera]
            case .selectCameraMotion: [.selectCamera, .selectCameraUnknown]
            case .subjectMotion: [.subject, .subjectBlank]
            case .skipSubjectMotion: [.skipSubject]
            case .finalize: [.finalize]
            }
        }
    }

    /// On the way forward for the first time.
    private static let firstWay = """
        row                 | direc mood  frami light camer offer subje previ compl aband expir
        selectDirection     | +mood X     X     X     X     X     X     X     X     X     gone
        selectMood          | X     +fram X     X     X     X     X     X     X     X     gone
        selectFraming       | X     X     +ligh X     X     X     X     X     X     X     gone
        selectLighting      | X     X     X     camer X     X     X     X     X     X     gone
        selectFailed        | X     X     X     X     X     X     X     X     X     X     gone
        selectUnknown       | inval inval inval inval X     X     X     X     X     X     gone
        regenerateDirection | +dire X     X     X     X     X     X     X     X     X     gone
        regenerateMood      | X     +mood X     X     X     X     X     X     X     X     gone
        regenerateFraming   | X     X     +fram X     X     X     X     X     X     X     gone
        regenerateLighting  | X     X     X     +ligh X     X     X     X     X     X     gone
        retryDirection      | +dire X     X     X     X     X     X     X     X     X     gone
        retryMood           | X     +mood X     X     X     X     X     X     X     X     gone
        retryFraming        | X     X     +fram X     X     X     X     X     X     X     gone
        retryLighting       | X     X     X     +ligh X     X     X     X     X     X     gone
        retryMade           | X     X     X     X     X     X     X     X     X     X     gone
        retryUnknown        | inval inval inval inval X     X     X     X     X     X     gone
        back                | X     direc mood  frami light light camer subje X     X     gone
        jumpIntent          | X     X     X     X     X     X     X     X     X     X     gone
        jumpDirection       | -     direc direc direc direc direc direc direc X     X     gone
        jumpMood            | X     -     mood  mood  mood  mood  mood  mood  X     X     gone
        jumpFraming         | X     X     -     frami frami frami frami frami X     X     gone
        jumpLighting        | X     X     X     -     light light light light X     X     gone
        jumpCamera          | X     X     X     X     -     -     camer camer X     X     gone
        jumpSubject         | X     X     X     X     X     X     -     subje X     X     gone
        jumpPreview         | X     X     X     X     X     X     X     -     X     X     gone
        jumpComplete        | X     X     X     X     X     X     X     X     X     X     gone
        resume              | =     =     =     =     =     =     =     =     X     X     gone
        abandon             | ends  ends  ends  ends  ends  ends  ends  ends  -     -     gone
        intentSame          | =     X     X     X     X     X     X     X     X     X     gone
        intentOther         | +dire X     X     X     X     X     X     X     X     X     gone
        intentBlank         | inval X     X     X     X     X     X     X     X     X     gone
        camera              | X     X     X     X     depth -     X     X     X     X     gone
        selectCamera        | X     X     X     X     X     subje X     X     X     X     gone
        selectCameraUnknown | X     X     X     X     X     inval X     X     X     X     gone
        subject             | X     X     X     X     X     X     clip  clip  X     X     gone
        subjectBlank        | X     X     X     X     X     X     inval inval X     X     gone
        skipSubject         | X     X     X     X     X     X     previ =     X     X     gone
        finalize            | incom incom incom incom incom incom final final -     X     gone
        """

    /// After a jump back from the preview: what was chosen before costs nothing when it is chosen
    /// again. Rows that are not here are as on the way forward.
    private static let wayBack = """
        row                 | direc mood  frami light camer offer subje
        selectDirection     | mood  X     X     X     X     X     X
        selectMood          | X     frami X     X     X     X     X
        selectFraming       | X     X     light X     X     X     X
        selectLighting      | X     X     X     camer X     X     X
        camera              | X     X     X     X     -     -     X
        selectCamera        | X     X     X     X     subje subje X
        subject             | X     X     X     X     X     X     previ
        back                | X     direc mood  frami light light camer
        """

    private static func shell(at place: Place) throws -> MachineShell {
        let lastFails = MachineShell.Fate(failures: 0b1000)
        var shell = try MachineShell(fate: lastFails)
        func go(_ commands: [Command]) {
            for command in commands { _ = shell.run(command, fate: lastFails) }
        }
        let way: [Command] = [
            .select(.direction, optionID: "cinematic"), .select(.mood, optionID: "dramatic"),
            .select(.framing, optionID: "wide"), .select(.lighting, optionID: "golden_hour"),
            .cameraMotion, .selectCameraMotion("push_in"), .subjectMotion("ears fold"),
        ]
        switch place {
        case .direction: break
        case .mood: go(Array(way.prefix(1)))
        case .framing: go(Array(way.prefix(2)))
        case .lighting: go(Array(way.prefix(3)))
        case .camera: go(Array(way.prefix(4)))
        case .offered: go(Array(way.prefix(5)))
        case .subject: go(Array(way.prefix(6)))
        case .preview: go(way)
        case .completed: go(way + [.finalize])
        case .abandoned: go([.abandon])
        case .expired: shell.nowUs += 24 * MachineShell.hourUs + 1
        }
        return shell
    }

    /// The cells of a table, by row and column.
    private static func cells(_ table: String) -> [Row: [String: String]] {
        var lines = table.split(separator: "\n").map(String.init)
        let header = lines.removeFirst()
        let columns = header.split(separator: "|")[1].split(separator: " ").map(String.init)
        var cells: [Row: [String: String]] = [:]
        for line in lines {
            let parts = line.split(separator: "|").map(String.init)
            guard let row = Row(rawValue: parts[0].filter { $0 != " " }) else {
                Issue.record("no row is called \(parts[0])")
                continue
            }
            let text = Array(parts[1].dropFirst())
            for (index, column) in columns.enumerated() {
                let start = index * 6
                let end = min(text.count, start + 6)
                cells[row, default: [:]][column] = String(text[start..<end]).trimmedEnd
            }
        }
        return cells
    }

    /// What a command comes to, as the tables write it.
    private static func outcome(_ command: Command, _ shell: MachineShell) -> String {
        do throws(SessionError) {
            let decision = try MachineShell.machine.decide(
                command, on: shell.session, by: "usr_1", version: 0, nowUs: shell.nowUs)
            switch decision {
            case .unchanged: return "-"
            case .write(let session) where session.status == .abandoned: return "ends"
            case .write(let session):
                #expect(session.version == shell.session.version + 1)
                return session.step == shell.session.step
                    ? "=" : String(session.step.rawValue.prefix(5))
            case .makePictures(let plan): return "+\(plan.dimension.rawValue.prefix(4))"
            case .estimateDepth: return "depth"
            case .makeClip: return "clip"
            case .finalize: return "final"
            }
        } catch {
            switch MachineShell.word(error) {
            case "conflict": return "X"
            case "expired": return "gone"
            case let word: return String(word.prefix(5))
            }
        }
    }

    @Test func `every command at every place comes to what the table says`() throws {
        let cells = Self.cells(Self.firstWay)
        var checked = 0
        for place in Place.allCases {
            let shell = try Self.shell(at: place)
            for row in Row.allCases {
                let command = row.command(at: shell.session.step)
                #expect(Row.rows(of: command).contains(row))
                let expected = try #require(cells[row]?[place.column], "\(row) has no cell")
                #expect(Self.outcome(command, shell) == expected, "\(row) at \(place)")
                checked += 1
            }
        }
        #expect(checked == Row.allCases.count * Place.allCases.count)
    }

    @Test func `the places of the table are every step that a session can have`() throws {
        let steps = try Set(Place.allCases.map { try Self.shell(at: $0).session.step })
        // The intent is where nothing is stored yet.
        #expect(steps == Set(Step.allCases).subtracting([.intent]))
    }

    @Test func `what was chosen before is free when it is chosen again`() throws {
        for (row, columns) in Self.cells(Self.wayBack) {
            for place in Place.allCases {
                guard let expected = columns[place.column] else { continue }
                var shell = try Self.shell(at: .preview)
                let step: Step = try Self.shell(at: place).session.step
                _ = shell.run(.jump(step))
                let before = shell.credits
                let command =
                    row == .subject
                    ? Command.subjectMotion("ears fold") : row.command(at: step)
                #expect(Self.outcome(command, shell) == expected, "\(row) at \(place)")
                _ = shell.run(command)
                #expect(shell.credits == before, "\(row) at \(place)")
            }
        }
    }

    @Test func `owner, expiry, status and version are looked at in this order`() throws {
        for place in Place.allCases {
            for row in Row.allCases {
                var shell = try Self.shell(at: place)
                let command = row.command(at: shell.session.step)
                let stale = shell.session.version + 1
                #expect(shell.run(command, by: "usr_2", version: stale) == "owner")
                let outcome = shell.run(command, version: stale)
                switch place {
                case .expired: #expect(outcome == "expired")
                case .completed, .abandoned:
                    #expect(outcome == "unchanged" || outcome == "conflict")
                case .direction, .mood, .framing, .lighting, .camera, .offered, .subject,
                    .preview:
                    #expect(outcome == "version")
                }
            }
        }
    }

    @Test func `finalizing names each missing step once, in flow order, from every step`() throws {
        let flow: [Step] = [.direction, .mood, .framing, .lighting, .cameraMotion]
        for place in Place.allCases.prefix(6) {
            let session = try Self.shell(at: place).session
            let missing = MachineShell.machine.missingSteps(in: session)
            #expect(missing == flow.filter { $0 >= session.step })
        }
    }

    @Test func `a fourth regeneration of a dimension is refused, others are untouched`() throws {
        var shell = try MachineShell()
        for _ in 0..<3 { #expect(shell.run(.regenerate(.direction)) == "succeeded 4") }
        #expect(shell.run(.regenerate(.direction)) == "limit")
        _ = shell.run(.select(.direction, optionID: "cinematic"))
        #expect(shell.run(.regenerate(.mood)) == "succeeded 4")
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
