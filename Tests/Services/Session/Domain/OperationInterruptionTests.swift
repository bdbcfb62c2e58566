import SessionService
import Testing

/// What each command does to the one that its session is busy with.
@Suite struct OperationInterruptionTests {
    private static let table: [Operation.Kind: Operation.Kind.Interruption] = [
        .start: .refused, .select: .refused, .regenerate: .refused, .retry: .refused,
        .back: .discards, .jump: .refused, .resume: .passes, .abandon: .discards,
        .cancel: .discards, .intent: .refused, .cameraMotion: .refused,
        .selectCameraMotion: .refused, .subjectMotion: .refused, .skipSubjectMotion: .refused,
        .finalize: .refused, .generation: .refused,
    ]

    @Test(arguments: Operation.Kind.allCases)
    func `a busy session takes each command as the table says`(kind: Operation.Kind) throws {
        #expect(kind.interruption == (try #require(Self.table[kind])))
    }

    /// Every event at every stage: where the operation goes, `-` where it is a repeat.
    @Test func `an operation only ever goes forward`() {
        let slot = Slot(optionID: Operation.Work.singleSlot, state: .failed(.video))
        let delivered = Operation.Delivered(assetID: "a", contentType: "", provider: "")
        let events: [(String, Operation.Event)] = [
            ("held", .held(id: "h", amountU4: 5)), ("opened", .opened),
            ("prepared", .prepared([])), ("submitted", .submitted),
            ("slotEnded", .slotEnded(slot)), ("watched", .watched),
            ("delivered", .delivered(delivered)), ("stopped", .stopped),
            ("failed", .failed(.video)),
            ("applied", .applied(Conclusion(outcome: .failed))),
            ("settled", .settled(capturedU4: 0, nowUs: 2)),
        ]
        //                hold open prepare submit watch apply settle ended
        let table = [
            "held      | prepare -       -       -       -       -       -       -",
            "opened    | -       prepare -       -       -       -       -       -",
            "prepared  | -       -       submit  -       -       -       -       -",
            "submitted | -       -       -       watch   -       -       -       -",
            "slotEnded | -       -       -       -       =       -       -       -",
            "watched   | -       -       -       -       apply   -       -       -",
            "delivered | -       -       -       -       apply   -       -       -",
            "stopped   | -       apply   apply   apply   apply   -       -       -",
            "failed    | settle  apply   apply   apply   apply   -       -       -",
            "applied   | -       -       -       -       -       settle  -       -",
            "settled   | -       -       -       -       -       -       ended   -",
        ]
        #expect(table.count == events.count)
        for ((name, event), line) in zip(events, table) {
            let parts = line.split(separator: "|")
            #expect(parts[0].filter { $0 != " " } == name)
            let cells = parts[1].split(separator: " ").map(String.init)
            for (stage, expected) in zip(Operation.Stage.allCases, cells) {
                var operation = Operation(
                    id: "op", userID: "u", sessionID: "s", kind: .subjectMotion,
                    idempotencyKey: "k", fingerprint: [],
                    work: .clip(
                        ClipPlan(
                            key: PathKey(bytes: []), sourceAssetID: "a", cameraMotionID: "m",
                            subjectMotion: "t", choices: [])), nowUs: 1)
                operation.stage = stage
                operation.holdID = stage > .hold ? "h" : ""
                if stage == .ended { operation.state = .failed }
                let before = operation
                operation.handle(event)
                switch expected {
                case "-": #expect(operation == before, "\(name) at \(stage)")
                case "=": #expect(operation.stage == stage && operation != before)
                default: #expect("\(operation.stage)" == expected, "\(name) at \(stage)")
                }
            }
        }
    }
}
