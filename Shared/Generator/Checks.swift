/// What protobuf-c or the generated Swift could not carry is refused here, with the reason.
func check(_ file: ProtoFile) throws(GeneratorError) {
    let messages = Dictionary(uniqueKeysWithValues: file.messages.map { ($0.name, $0) })
    for message in file.messages {
        try checkNames(message)
        try checkDepth(message, messages, above: [])
        for field in message.fields where !field.isRepeated {
            guard case .message(let name) = field.kind, let part = messages[name] else { continue }
            // protobuf-c 1.4.1 reads outside its tables when such a field occurs twice on the wire.
            guard part.oneofs.isEmpty else {
                throw GeneratorError(
                    "\(message.name).\(field.name): a message with a oneof cannot be a singular "
                        + "field of another; make it repeated or the top")
            }
        }
    }
    for type in file.enums {
        guard let first = type.values.first, first.number == 0 else {
            throw GeneratorError("\(type.name): the first value must be 0")
        }
        guard Set(type.values.map(\.number)).count == type.values.count else {
            throw GeneratorError("\(type.name): no aliases")
        }
    }
    for service in file.services {
        for method in service.methods where method.isClientStreaming && method.isServerStreaming {
            throw GeneratorError(
                "\(service.name).\(method.name): streams in one direction only")
        }
    }
    guard file.services.count == 1 else {
        throw GeneratorError("\(file.name): exactly one service is needed")
    }
    let own: Set<String> = ["Client", "Handler", "Methods"]
    if let clash = (file.messages.map(\.name) + file.enums.map(\.name)).first(where: own.contains) {
        throw GeneratorError("\(clash): the name is taken by generated code")
    }
}

private func checkNames(_ message: ProtoMessage) throws(GeneratorError) {
    var seen: Set<String> = []
    for name in message.fields.map({ Names.property($0.name) })
        + message.oneofs.map({ Names.property($0) })
    {
        guard seen.insert(name).inserted else {
            throw GeneratorError("\(message.name): two members are called \(name) in Swift")
        }
    }
}

/// A message inside itself could be nested without end by a peer.
private func checkDepth(
    _ message: ProtoMessage, _ messages: [String: ProtoMessage], above: [String]
) throws(GeneratorError) {
    guard !above.contains(message.name) else {
        throw GeneratorError("\(message.name): a message may not contain itself")
    }
    for field in message.fields {
        guard case .message(let name) = field.kind, let part = messages[name] else { continue }
        try checkDepth(part, messages, above: above + [message.name])
    }
}
