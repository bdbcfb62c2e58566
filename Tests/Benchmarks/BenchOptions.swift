/// What the command line asked for.
struct BenchOptions: Sendable {
    var withPeers = false
    var asJSON = false
    var rounds = 3
    var seconds = 0.7
    /// The cases of the table to measure; empty = all.
    var cases: Set<String> = []

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--peers": withPeers = true
            case "--json": asJSON = true
            case "--rounds":
                guard let value = rest.popFirst().flatMap(Int.init), (1...100).contains(value)
                else { throw BenchFailure(usage: "--rounds takes 1...100") }
                rounds = value
            case "--seconds":
                guard let value = rest.popFirst().flatMap(Double.init), value >= 0.1, value <= 60
                else { throw BenchFailure(usage: "--seconds takes 0.1...60") }
                seconds = value
            case "--cases":
                guard let value = rest.popFirst() else {
                    throw BenchFailure(usage: "--cases takes names")
                }
                cases = Set(value.split(separator: ",").map(String.init))
            default:
                throw BenchFailure(usage: "unknown option \(argument); try --help")
            }
        }
    }
}
