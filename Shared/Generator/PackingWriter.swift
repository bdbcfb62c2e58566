/// How a message is copied from and to the struct of protobuf-c.
func packing(_ message: ProtoMessage, _ package: String, _ namespace: String) -> SourceText {
    let cType = Names.cType(package, message.name)
    let cPrefix = Names.cPrefix(package, message.name)
    let members = Member.all(of: message)
    var out = SourceText()
    out.block("extension \(namespace).\(message.name): WireMessage") { out in
        out.block("package static var wireDescriptor: UnsafeRawPointer") { out in
            out.line("var message = \(cType)()")
            out.line("\(cPrefix)__init(&message)")
            out.line("return UnsafeRawPointer(message.base.descriptor)")
        }
        out.line()
        out.block("package init(wire message: UnsafeRawPointer) throws(WireError)") { out in
            out.line("try self.init(wireStruct(message, of: \(cType).self))")
        }
        out.line()
        out.block("package func wire(_ arena: Arena) throws(WireError) -> UnsafeMutableRawPointer")
        { $0.line("UnsafeMutableRawPointer(try wireMessage(arena))") }
        writeAttach(members, into: &out)
        out.line()
        out.block("init(_ message: UnsafeMutablePointer<\(cType)>) throws(WireError)") { out in
            for member in members { writeUnpacking(member, namespace, into: &out) }
        }
        out.line()
        out.list(
            "func wireMessage(", ["_ arena: Arena"],
            ") throws(WireError) -> UnsafeMutablePointer<\(cType)> {")
        out.indented { out in
            out.line("let message = arena.allocate(\(cType).self)")
            out.line("\(cPrefix)__init(message)")
            for member in members {
                writePacking(member, package, message.name, into: &out)
            }
            out.line("return message")
        }
        out.line("}")
    }
    return out
}

private func writeAttach(_ members: [Member], into out: inout SourceText) {
    var cases: [String] = []
    for member in members {
        if let field = member.field, field.kind == .bytes, !field.isRepeated {
            cases.append("case \(field.number): self.\(member.name) = bytes")
        }
        for field in member.choices where field.kind == .bytes {
            let name = Names.property(field.name)
            cases.append(
                "case \(field.number): if case .\(name) = self.\(member.name) "
                    + "{ self.\(member.name) = .\(name)(bytes) }")
        }
    }
    guard !cases.isEmpty else { return }
    out.line()
    out.block("package mutating func attach(_ bytes: Bytes, field: UInt32)") { out in
        out.line("switch field {")
        for line in cases { out.line(line) }
        out.line("default: break")
        out.line("}")
    }
}

private func writeUnpacking(
    _ member: Member, _ namespace: String, into out: inout SourceText
) {
    guard let field = member.field else {
        out.line("switch message.pointee.\(Names.cMember(member.protoName))_case.rawValue {")
        for choice in member.choices {
            out.line("case \(choice.number):")
            out.indented { $0.line("self.\(member.name) = \(unpackingChoice(choice, namespace))") }
        }
        out.line("default: self.\(member.name) = nil")
        out.line("}")
        return
    }
    let source = "message.pointee.\(Names.cMember(field.name))"
    let count = "message.pointee.n_\(Names.cMember(field.name))"
    let value: String
    switch (field.kind, field.isRepeated) {
    case (.text, false): value = "try wireText(\(source))"
    case (.bytes, false): value = "wireBytes(\(source))"
    case (.bool, false): value = "\(source) != 0"
    case (.number, false): value = source
    case (.enumeration(let type), false):
        value = "\(namespace).\(type)(rawValue: wireNumber(\(source).rawValue))"
    case (.message(let type), false):
        value = "try wireOptional(\(source), \(namespace).\(type).init)"
    case (.text, true): value = "try wireTexts(\(source), \(count))"
    case (.bytes, true): value = "wireArray(\(source), \(count)) { wireBytes($0) }"
    case (.bool, true): value = "wireArray(\(source), \(count)) { $0 != 0 }"
    case (.number, true): value = "wireArray(\(source), \(count)) { $0 }"
    case (.enumeration(let type), true):
        out.list(
            "self.\(member.name) = wireArray(", [source, count],
            ") { \(namespace).\(type)(rawValue: wireNumber($0.rawValue)) }")
        return
    case (.message(let type), true):
        out.list(
            "self.\(member.name) = try wireMessages(",
            [source, count, "\(namespace).\(type).init"], ")")
        return
    }
    out.line("self.\(member.name) = \(value)")
}

private func unpackingChoice(_ field: ProtoField, _ namespace: String) -> String {
    let source = "message.pointee.\(Names.cMember(field.name))"
    let name = Names.property(field.name)
    switch field.kind {
    case .text: return ".\(name)(try wireText(\(source)))"
    case .bytes: return ".\(name)(wireBytes(\(source)))"
    case .bool: return ".\(name)(\(source) != 0)"
    case .number: return ".\(name)(\(source))"
    case .enumeration(let type):
        return ".\(name)(\(namespace).\(type)(rawValue: wireNumber(\(source).rawValue)))"
    case .message(let type):
        return "try wireOptional(\(source), \(namespace).\(type).init).map { .\(name)($0) }"
    }
}

private func writePacking(
    _ member: Member, _ package: String, _ message: String, into out: inout SourceText
) {
    guard let field = member.field else {
        out.line("switch self.\(member.name) {")
        for choice in member.choices {
            out.line("case .\(Names.property(choice.name))(let value):")
            let oneof = Names.cMember(member.protoName)
            let type = Names.cType(package, message) + "__" + Names.type(member.protoName) + "Case"
            out.indented { out in
                out.line(
                    "message.pointee.\(oneof)_case = \(type)(rawValue: \(choice.number))")
                out.line(
                    "message.pointee.\(Names.cMember(choice.name)) = "
                        + packed("value", choice.kind, package))
            }
        }
        out.line("case nil: break")
        out.line("}")
        return
    }
    let target = "message.pointee.\(Names.cMember(field.name))"
    let value = "self.\(member.name)"
    guard field.isRepeated else {
        switch field.kind {
        case .text:
            out.line("if !\(value).isEmpty { \(target) = try arena.text(\(value)) }")
        case .message:
            out.line("if let value = \(value) { \(target) = try value.wireMessage(arena) }")
        default: out.line("\(target) = \(packed(value, field.kind, package))")
        }
        return
    }
    out.line("message.pointee.n_\(Names.cMember(field.name)) = \(value).count")
    switch field.kind {
    case .text: out.line("\(target) = try arena.texts(\(value))")
    case .message:
        out.block("\(target) = try arena.messages(\(value))") { out in
            out.line("value throws(WireError) in try value.wireMessage(arena)")
        }
    default:
        out.line("\(target) = arena.array(\(value)) { \(packed("$0", field.kind, package)) }")
    }
}

/// An expression for a value as the C struct holds it.
private func packed(_ value: String, _ kind: ProtoField.Kind, _ package: String) -> String {
    switch kind {
    case .text: "try arena.text(\(value))"
    case .bytes: "arena.binary(\(value))"
    case .bool: "\(value) ? 1 : 0"
    case .number: value
    case .enumeration(let type):
        "\(Names.cType(package, type))(rawValue: wireNumber(\(value).rawValue))"
    case .message: "try value.wireMessage(arena)"
    }
}
