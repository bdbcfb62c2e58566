import Foundation
import Testing

@Suite struct `Style` {
    @Test func `an unchecked escape names the invariant that makes it safe`() {
        let escapes = ["@unchecked Sendable", "nonisolated(unsafe)"]
        for file in SourceTree.all where !file.path.hasPrefix("Tests/Tidy/") {
            for (index, line) in file.lines.enumerated()
            where escapes.contains(where: line.contains) && !line.contains("//") {
                // The comment may be several lines long and stands above attributes.
                var above = index - 1
                var comment: [Substring] = []
                while above >= 0 {
                    let trimmed = file.lines[above].drop { $0 == " " }
                    guard trimmed.hasPrefix("//") || trimmed.hasPrefix("@") else { break }
                    comment.append(trimmed)
                    above -= 1
                }
                #expect(
                    comment.contains { $0.hasPrefix("// Safe:") }, "\(file.path):\(index + 1)")
            }
        }
    }

    @Test func `product code has no traps for what can fail`() {
        for file in SourceTree.product {
            for (index, line) in file.lines.enumerated() {
                let code = line.split(separator: "//", maxSplits: 1).first ?? ""
                for trap in ["try!", "as!", "fatalError("] {
                    #expect(!code.contains(trap), "\(file.path):\(index + 1)")
                }
            }
        }
    }

    @Test func `files stay short enough to read`() {
        for file in SourceTree.all where !file.isGenerated {
            #expect(file.lines.count <= 700, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test func `no folder is called new or old`() {
        for file in SourceTree.all {
            let parts = file.path.split(separator: "/").map { $0.lowercased() }
            #expect(Set(parts).isDisjoint(with: ["new", "old", "v2", "temp"]), "\(file.path)")
        }
    }

    @Test func `links between documents lead somewhere`() throws {
        let documents =
            SourceTree.files(["docs", "Services"], suffix: ".md")
            + ["README.md", "CONTRIBUTING.md"].compactMap(SourceTree.file)
        #expect(documents.count > 8)
        let link = try Regex("\\]\\(([^)#:\\s]+)(#[^)]*)?\\)")
        for document in documents {
            let folder = SourceTree.root.appending(path: document.path).deletingLastPathComponent()
            for line in document.lines {
                for match in line.matches(of: link) {
                    let target = String(match.output[1].substring ?? "")
                    #expect(
                        FileManager.default.fileExists(atPath: folder.appending(path: target).path),
                        "\(document.path) links to \(target)")
                }
            }
        }
    }

    @Test(arguments: SourceTree.services)
    func `every setting of a service stands in its README`(_ service: String) throws {
        let readme = try #require(SourceTree.file("Services/\(service)/README.md"))
        let text = readme.lines.joined(separator: "\n")
        let configuration = try #require(
            SourceTree.file("Services/\(service)/\(service)Configuration.swift"))
        let setting = try Regex("\"([A-Z][A-Z0-9_]{2,})\"")
        var names: Set<String> = []
        for line in configuration.lines {
            for match in line.matches(of: setting) {
                names.insert(String(match.output[1].substring ?? ""))
            }
        }
        #expect(!names.isEmpty)
        for name in names.sorted() {
            #expect(text.contains(name), "Services/\(service)/README.md does not list \(name)")
        }
    }
}
