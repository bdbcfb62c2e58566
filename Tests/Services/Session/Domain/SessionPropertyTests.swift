import SessionService
import Testing

/// The rules against an independent model: random commands, the same answer and the same session
/// after each. A sequence that fails is made as short as it can be.
@Suite struct SessionPropertyTests {
    private struct Move: Hashable, CustomStringConvertible {
        var command: SessionModel.Command
        var fate = MachineShell.Fate()
        /// 0 = none sent, 1 = the right one, 2 = an old one.
        var version = 0

        var description: String {
            let version = ["", " version right", " version old"][version]
            guard fate != .good else { return "\(command)\(version)" }
            let failures = String(fate.failures, radix: 2)
            let stop = fate.stop == .none ? "" : ", \(fate.stop) after \(fate.endedBeforeStop)"
            return "\(command)\(version), fails \(failures)\(stop)"
        }
    }

    /// SplitMix64, so that a printed seed gives the same sequence for ever.
    private struct Chooser {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(bound))
        }
    }

    // MARK: Sequences

    private static func moves(_ seed: UInt64) -> [Move] {
        var chooser = Chooser(state: seed)
        var moves = [Move(command: .resume, fate: fate(&chooser))]
        for _ in 0..<(8 + chooser.next(33)) {
            let version = chooser.next(20)
            moves.append(
                Move(
                    command: command(&chooser), fate: fate(&chooser),
                    version: version < 2 ? version + 1 : 0))
        }
        return moves
    }

    /// Mostly what goes forward, so that long ways are gone too.
    private static func command(_ chooser: inout Chooser) -> SessionModel.Command {
        switch chooser.next(100) {
        case 0..<34: .selectHere(option: chooser.next(4) & chooser.next(4))
        case 34..<37: .select(dimension: chooser.next(4), option: chooser.next(4))
        case 37..<43: .regenerateHere
        case 43..<44: .regenerate(dimension: chooser.next(4))
        case 44..<48: .retryHere(option: chooser.next(4))
        case 48..<56: .back
        case 56..<61: .jump(chooser.next(8))
        case 61..<62: .resume
        case 62..<63: chooser.next(4) == 0 ? .abandon : .resume
        case 63..<68: .intent(chooser.next(3))
        case 68..<76: .camera
        case 76..<84: .selectCamera(chooser.next(3))
        case 84..<90: .subject(chooser.next(3))
        case 90..<93: .skip
        case 93..<97: .finalize
        default: chooser.next(6) == 0 ? .wait(hours: 13) : .camera
        }
    }

    private static func fate(_ chooser: inout Chooser) -> MachineShell.Fate {
        guard chooser.next(4) == 0 else { return .good }
        let stops: [MachineShell.Fate.Stop] = [.none, .none, .none, .discard]
        return MachineShell.Fate(
            failures: UInt8(chooser.next(16)), stop: stops[chooser.next(4)],
            endedBeforeStop: chooser.next(5))
    }

    // MARK: Running one

    private static let flow: [Step] = [
        .direction, .mood, .framing, .lighting, .cameraMotion, .subjectMotion, .preview, .complete,
    ]

    private static func command(_ command: SessionModel.Command, at place: Int) -> Command {
        func pick(_ dimension: Int, _ option: Int) -> (Dimension, String) {
            let dimension = Dimension.allCases[dimension % 4]
            return (dimension, MachineShell.options[dimension]?[option] ?? "")
        }
        switch command {
        case .select(let dimension, let option):
            let (dimension, id) = pick(dimension, option)
            return .select(dimension, optionID: id)
        case .selectHere(let option):
            let (dimension, id) = pick(place, option)
            return .select(dimension, optionID: id)
        case .regenerate(let dimension): return .regenerate(Dimension.allCases[dimension])
        case .regenerateHere: return .regenerate(Dimension.allCases[place % 4])
        case .retryHere(let option):
            let (dimension, id) = pick(place, option)
            return .retry(dimension, optionID: id)
        case .back: return .back
        case .resume, .wait: return .resume
        case .abandon: return .abandon
        case .camera: return .cameraMotion
        case .skip: return .skipSubjectMotion
        case .finalize: return .finalize
        case .jump(let place): return .jump(flow[place])
        case .intent(let number): return .editIntent("a fox \(number)")
        case .selectCamera(let number): return .selectCameraMotion(MachineShell.motions[number])
        case .subject(let number): return .subjectMotion(" \(number) ")
        }
    }

    /// - Returns: The first difference between the rules and the model, nil when there is none.
    private static func difference(_ moves: [Move]) -> String? {
        guard let first = moves.first else { return nil }
        var model = SessionModel()
        guard var shell = try? MachineShell(intent: "a fox 0", fate: first.fate) else {
            return "it did not start"
        }
        _ = model.start(first.fate)
        if let difference = difference(shell, model) { return "start \(first): \(difference)" }
        for (index, move) in moves.enumerated().dropFirst() {
            let before = shell.session
            let version: UInt64
            switch move.version {
            case 1: version = before.version
            case 2: version = max(1, before.version - 1)
            default: version = 0
            }
            let place = model.place
            let expected = model.run(move.command, version: version, fate: move.fate)
            var outcome = "waited"
            if case .wait(let hours) = move.command {
                shell.nowUs += Int64(hours) * MachineShell.hourUs
            } else {
                outcome = shell.run(
                    command(move.command, at: place), version: version, fate: move.fate)
            }
            if outcome != expected {
                return "move \(index), \(move): \(outcome) and not \(expected)"
            }
            if let difference = difference(shell, model) ?? risen(before, shell.session) {
                return "move \(index), \(move): \(difference)"
            }
        }
        return nil
    }

    /// A version rises by one with each change, and nothing else changes without it.
    private static func risen(_ before: Session, _ after: Session) -> String? {
        if before == after { return nil }
        return after.version == before.version + 1
            ? nil : "version \(before.version) became \(after.version)"
    }

    private static func difference(_ shell: MachineShell, _ model: SessionModel) -> String? {
        let session = shell.session
        func name(_ picture: SessionModel.Picture) -> String { "ast_\(picture.number)" }
        let visible = session.step.dimension.flatMap {
            MachineShell.machine.visibleSet(of: $0, in: session)
        }
        let slots = visible?.slots.map { slot in
            switch slot.state {
            case .absent: "absent"
            case .failed: "failed"
            case .made(let picture): picture.assetID
            }
        }
        let expectedSlots = model.shown?.slots.map { slot in
            switch slot {
            case .absent: "absent"
            case .failed: "failed"
            case .made(let picture): name(picture)
            }
        }
        let spent = model.deliveredPictures + model.deliveredDepths + 5 * model.deliveredClips
        let remembered = Dimension.allCases.map { session.previous[$0]?.assetID ?? "-" }
        let found = Session.Seen(session)
        var facts: [(String, String, String)] = [
            ("step", session.step.rawValue, flow[model.place].rawValue),
            ("status", session.status.rawValue, model.status),
            ("intent", session.intent, "a fox \(model.intent)"),
            ("version", "\(session.version)", "\(model.version)"),
            ("subject", found.subject, model.subject ?? "none"),
        ]
        facts.append(
            ("locks", "\(session.choices.map(\.assetID))", "\(model.locks.map(name))"))
        let kept = (0..<4).map { model.remembered[$0].map(name) ?? "-" }
        facts.append(("memory", "\(remembered)", "\(kept)"))
        facts.append(("pictures", "\(slots ?? [])", "\(expectedSlots ?? [])"))
        facts.append(("regenerations", "\(found.regenerations)", "\(model.regenerations)"))
        facts.append(("offered", "\(session.camera.isOffered)", "\(model.isOffered)"))
        facts.append(("fallback", "\(session.camera.isFallback)", "\(model.isFallback)"))
        let motion = model.motion.map { MachineShell.motions[$0] } ?? ""
        facts.append(("motion", session.camera.motionID, motion))
        facts.append(("clip", "\(found.hasClip)", "\(model.hasClip)"))
        let hasPrompt = model.hasClip || model.status == "completed"
        facts.append(("video prompt", "\(!session.videoPrompt.isEmpty)", "\(hasPrompt)"))
        let charged = session.chargedU4 / MachineShell.credit
        facts.append(("credits of the session", "\(charged)", "\(spent)"))
        facts.append(("credits taken", "\(shell.credits)", "\(spent)"))
        facts.append(("credits counted", "\(model.credits)", "\(spent)"))
        facts.append(("good form", "\(MachineShell.machine.isWellFormed(session))", "true"))
        facts.append(("limit kept", "\(found.regenerations.allSatisfy { $0 <= 3 })", "true"))
        if session.status == .active, session.step.dimension != nil {
            let isThere = visible?.slots.contains { $0.picture != nil } ?? false
            facts.append(("something to choose", "\(isThere)", "true"))
        }
        return facts.first { $0.1 != $0.2 }.map { "\($0.0) is \($0.1) and not \($0.2)" }
    }

    /// The shortest part of a failing sequence that still fails.
    private static func shrunk(_ moves: [Move]) -> [Move] {
        var moves = moves
        var length = moves.count / 2
        while length > 0 {
            var start = 1
            while start < moves.count {
                var shorter = moves
                shorter.removeSubrange(start..<min(moves.count, start + length))
                if difference(shorter) != nil { moves = shorter } else { start += length }
            }
            length /= 2
        }
        for index in moves.indices where moves[index].fate != .good {
            var simpler = moves
            simpler[index].fate = .good
            if difference(simpler) != nil { moves = simpler }
        }
        return moves
    }

    // MARK: Tests

    @Test(arguments: [1, 2, 3, 20_261_121] as [UInt64])
    func `ten thousand sequences go as the model says`(seed: UInt64) {
        print("seed \(seed)")
        var reached: [Step: Int] = [:]
        for index in 0..<2_500 {
            let moves = Self.moves(seed &* 1_000_003 &+ UInt64(index))
            guard Self.difference(moves) != nil else {
                if let step = Self.end(of: moves) { reached[step, default: 0] += 1 }
                continue
            }
            let short = Self.shrunk(moves)
            Issue.record(
                """
                seed \(seed), sequence \(index): \(Self.difference(short) ?? "")
                \(short.map { "  \($0)" }.joined(separator: "\n"))
                """)
            return
        }
        // A check that never gets far checks little.
        for step in Self.flow { #expect(reached[step, default: 0] > 20, "\(step): \(reached)") }
    }

    private static func end(of moves: [Move]) -> Step? {
        guard let first = moves.first,
            var shell = try? MachineShell(intent: "a fox 0", fate: first.fate)
        else { return nil }
        var furthest = shell.session.step
        for move in moves.dropFirst() {
            let place = flow.firstIndex(of: shell.session.step) ?? 0
            if case .wait = move.command { continue }
            _ = shell.run(command(move.command, at: place), fate: move.fate)
            furthest = max(furthest, shell.session.step)
        }
        return furthest
    }
}

extension Session {
    /// What is compared of a session, in plain values.
    fileprivate struct Seen {
        var subject: String
        var regenerations: [Int]
        var hasClip: Bool

        init(_ session: Session) {
            subject = session.subject?.text ?? "none"
            regenerations = Dimension.allCases.map { session.regenerations[$0] ?? 0 }
            hasClip = session.subject?.videoAssetID.isEmpty == false
        }
    }
}
