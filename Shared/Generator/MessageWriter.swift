/// A proto enum as a Swift enum that keeps numbers it does not know.
func enumeration(_ type: ProtoEnum, _ namespace: String) -> SourceText {
    var out = SourceText()
    out.block("extension \(namespace)") { out in
        out.documentation(type.comment)
        out.block("package enum \(type.name): Hashable, Sendable") { out in
            for value in type.values {
                out.documentation(value.comment)
                out.line(
                    "case \(Names.declared(Names.enumCase(value.name, number: value.number)))")
            }
            out.line("/// A number that this version does not know.")
            out.line("case unrecognized(Int32)")
            out.line()
            out.line("/// The case with this number on the wire.")
            out.block("package init(rawValue: Int32)") { out in
                out.line("switch rawValue {")
                for value in type.values {
                    out.line(
                        "case \(value.number): self = "
                            + ".\(Names.enumCase(value.name, number: value.number))")
                }
                out.line("default: self = .unrecognized(rawValue)")
                out.line("}")
            }
            out.line()
            out.line("/// The number on the wire.")
            out.block("package var rawValue: Int32") { out in
                out.line("switch self {")
                for value in type.values {
                    out.line(
                        "case .\(Names.enumCase(value.name, number: value.number)): "
                            + "\(value.number)")
                }
                out.line("case .unrecognized(let number): number")
                out.line("}")
            }
        }
    }
    return out
}

/// A message as a struct with a memberwise initialiser.
func message(_ message: ProtoMessage, _ namespace: String) -> SourceText {
    var out = SourceText()
    let members = Member.all(of: message)
    out.block("extension \(namespace)") { out in
        out.documentation(message.comment)
        out.block("package struct \(message.name): Hashable, Sendable") { out in
            for member in members where member.isOneof {
                writeChoice(member, into: &out)
                out.line()
            }
            for member in members {
                out.documentation(member.comment)
                out.line("package var \(Names.declared(member.name)): \(member.type)")
            }
            if !members.isEmpty { out.line() }
            out.list(
                "package init(",
                members.map { "\($0.name): \($0.type) = \($0.zero)" },
                members.isEmpty ? ") {}" : ") {")
            guard !members.isEmpty else { return }
            out.indented { out in
                for member in members {
                    out.line("self.\(member.name) = \(Names.declared(member.name))")
                }
            }
            out.line("}")
        }
    }
    return out
}

private func writeChoice(_ member: Member, into out: inout SourceText) {
    let type = member.type.dropLast()
    out.line("/// One of these at a time.")
    out.block("package enum \(type): Hashable, Sendable") { out in
        for field in member.choices {
            out.documentation(field.comment)
            let name = Names.declared(Names.property(field.name))
            out.line("case \(name)(\(Member.elementType(field.kind)))")
        }
    }
}

/// A stored property: a field, or a whole oneof.
struct Member {
    var name: String
    var type: String
    var zero: String
    var comment: [String]
    /// The field; nil for a oneof.
    var field: ProtoField?
    /// The members of the oneof.
    var choices: [ProtoField] = []
    /// The name in the `.proto` file.
    var protoName: String

    var isOneof: Bool { field == nil }

    /// In the order of the `.proto` file; a oneof stands where its first member does.
    static func all(of message: ProtoMessage) -> [Member] {
        var members: [Member] = []
        var seen: Set<Int> = []
        for field in message.fields {
            guard let oneof = field.oneof else {
                members.append(Member(field))
                continue
            }
            guard seen.insert(oneof).inserted else { continue }
            let name = message.oneofs[oneof]
            members.append(
                Member(
                    name: Names.property(name), type: Names.type(name) + "?", zero: "nil",
                    comment: [], field: nil,
                    choices: message.fields.filter { $0.oneof == oneof }, protoName: name))
        }
        return members
    }

    private init(_ field: ProtoField) {
        let element = Self.elementType(field.kind)
        self.init(
            name: Names.property(field.name), type: element, zero: "", comment: field.comment,
            field: field, protoName: field.name)
        if field.isRepeated {
            type = "[\(element)]"
            zero = "[]"
            return
        }
        switch field.kind {
        case .text: zero = "\"\""
        case .bytes: zero = "Bytes()"
        case .bool: zero = "false"
        case .number: zero = "0"
        case .enumeration: zero = ".unspecified"
        case .message:
            type += "?"
            zero = "nil"
        }
    }

    private init(
        name: String, type: String, zero: String, comment: [String], field: ProtoField?,
        choices: [ProtoField] = [], protoName: String
    ) {
        self.name = name
        self.type = type
        self.zero = zero
        self.comment = comment
        self.field = field
        self.choices = choices
        self.protoName = protoName
    }

    static func elementType(_ kind: ProtoField.Kind) -> String {
        switch kind {
        case .text: "String"
        case .bytes: "Bytes"
        case .bool: "Bool"
        case .number(let name), .enumeration(let name), .message(let name): name
        }
    }
}
