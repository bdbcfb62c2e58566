import Foundation
import Testing

/// Prices stand in one file, from which everything else asks for them.
@Suite struct `Prices` {
    private static let home = "Services/Credits/Domain/PriceEdition+Rows.swift"

    /// Lines of these files look like prices and are none, or are the ones of what is sold.
    private static let others = [
        "Services/Credits/Domain/PackList.swift": "packs and plans, in dollars",
        "Services/Credits/CreditsConfiguration.swift": "what a credit is worth",
        "Services/Credits/Domain/CreditAmount.swift": "the largest amount",
        "Services/Credits/Domain/PriceTable.swift": "the worth of a credit in no table",
        "Services/Credits/Domain/Hold.swift": "how long holds live",
        "Services/Credits/RPCError+Ledger.swift": "one credit, to say it in the singular",
        "Services/Gateway/ErrorMapping.swift": "status codes",
        "Services/Launcher/ServiceSet.swift": "ports",
    ]

    private static let sources = ["swift", "ts", "tsx", "sql", "html"].flatMap { kind in
        SourceTree.files(["Shared", "Services"], suffix: ".\(kind)")
    }

    @Test func `no amount of credits or money is written anywhere else`() throws {
        #expect(Self.sources.count > 500)
        let amount = try Regex(
            #"(?i)((price|cost|credit|u4|u6|cents)\w*["']?\s*[:=]|CreditAmount\((\w*:)?|"#
                + #"\(credits:)\s*["']?[0-9._]*[1-9]"#)
        let words = ["rice", "ost", "redit", "ents", "u4", "u6", "U4", "U6"]
        for (file, number, line) in Self.lines
        where words.contains(where: line.contains) && line.contains(amount) {
            #expect(Self.others[file.path] != nil, "\(file.path):\(number): \(line)")
        }
    }

    @Test func `no line has what is paid for beside a number`() throws {
        let rows = try #require(SourceTree.file(Self.home))
        let quoted = try Regex(#""([A-Za-z][\w.-]*[\d.-][\w.-]*)""#)
        var names: Set<String> = []
        for line in rows.lines {
            for match in line.matches(of: quoted) {
                names.insert(String(match.output[1].substring ?? ""))
            }
        }
        #expect(names.count > 30)
        #expect(names.isSuperset(of: ["image.preview", "sora-2", "MiniMax-Hailuo-02", "wan-pro"]))
        for (file, place, line) in Self.lines where line.contains("\"") {
            // Every second part is between quotes.
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            let quoted = parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
            guard quoted.contains(where: names.contains) else { continue }
            let others =
                parts.indices.filter { $0 % 2 == 0 }.map { parts[$0] }.joined(separator: " ")
                + " " + quoted.filter { !names.contains($0) }.joined(separator: " ")
            let numbers = others.replacing(/quantity: \d+/, with: "")
                .split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." && $0 != "$" }
                .filter { $0.first?.isNumber ?? false }
            #expect(
                numbers.isEmpty || Self.others[file.path] != nil,
                "\(file.path):\(place): \(line)")
        }
    }

    /// Code without comments, of all files but the one that may.
    private static let lines: [(file: SourceTree.File, number: Int, line: Substring)] =
        sources.filter { $0.path != home && !$0.isGenerated }.flatMap { file in
            file.lines.enumerated().compactMap { index, line in
                let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
                return code.contains(where: \.isNumber) ? (file, index + 1, code) : nil
            }
        }
}
