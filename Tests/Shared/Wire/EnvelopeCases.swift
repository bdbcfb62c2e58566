import Testing

/// Inputs on which the codec and protobuf-c once disagreed, or that are easily got wrong.
enum EnvelopeCases {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let hex: String
        let isAccepted: Bool

        var testDescription: String { name }
    }

    static let all: [Case] = [
        Case(name: "no bytes: no kind", hex: "", isAccepted: false),
        Case(name: "a kind of 12", hex: "100c", isAccepted: false),
        Case(name: "a kind of 257", hex: "10810208091005", isAccepted: true),
        Case(name: "tag 0 in one byte", hex: "080910050001", isAccepted: false),
        Case(name: "tag 0 in two bytes is unknown", hex: "08091005800001", isAccepted: true),
        Case(name: "a group", hex: "0809100553", isAccepted: false),
        Case(name: "an unknown field is skipped", hex: "08091005a20603616263", isAccepted: true),
        Case(name: "the kind twice: the last wins", hex: "0809100b1005", isAccepted: true),
        Case(name: "a varint of 11 bytes", hex: "0880808080808080808080001005", isAccepted: false),
        Case(name: "a varint of 10 bytes", hex: "08808080808080808080011005", isAccepted: true),
        Case(name: "a length beyond the end", hex: "080910043205ff", isAccepted: false),
        Case(name: "a length of 2^31", hex: "08091004328080808008", isAccepted: false),
        Case(name: "a length that wraps", hex: "0809100432ffffffff0f", isAccepted: false),
        Case(name: "the wrong wire type", hex: "0a0109100b", isAccepted: false),
        Case(
            name: "a bool with a length is true", hex: "08091007" + "3a042a026161",
            isAccepted: true),
        Case(name: "a truncated tag", hex: "08091005a2", isAccepted: false),
    ]
}
