/// Swift source under construction: lines with their indentation.
struct SourceText {
    private(set) var lines: [String] = []
    private var depth = 0

    mutating func line(_ text: String = "") {
        lines.append(text.isEmpty ? "" : String(repeating: "    ", count: depth) + text)
    }

    /// A block: its opening line, what the body adds one level deeper, and a closing brace.
    mutating func block(_ opening: String, _ body: (inout SourceText) -> Void) {
        line(opening + " {")
        depth += 1
        body(&self)
        depth -= 1
        line("}")
    }

    /// Comment lines as they were written in the `.proto` file, broken at 100 columns.
    mutating func documentation(_ comment: [String]) {
        let room = 100 - 4 * depth - 4
        for paragraph in comment {
            var current = ""
            for word in paragraph.split(separator: " ") {
                if !current.isEmpty, current.count + 1 + word.count > room {
                    line("/// " + current)
                    current = ""
                }
                current += current.isEmpty ? String(word) : " " + word
            }
            line(current.isEmpty ? "///" : "/// " + current)
        }
    }

    /// `head(item, item)tail` on one line where it fits, else broken as `swift format` does.
    mutating func list(_ head: String, _ items: [String], _ tail: String) {
        let room = 100 - 4 * depth
        let joined = items.joined(separator: ", ")
        if head.count + joined.count + tail.count <= room {
            line(head + joined + tail)
            return
        }
        line(head)
        depth += 1
        if joined.count <= room - 4 {
            line(joined)
        } else {
            for (index, item) in items.enumerated() {
                line(item + (index == items.count - 1 ? "" : ","))
            }
        }
        depth -= 1
        line(tail)
    }

    mutating func indented(_ body: (inout SourceText) -> Void) {
        depth += 1
        body(&self)
        depth -= 1
    }

    mutating func append(_ other: SourceText) {
        lines += other.lines
    }
}
