/// The namespace with the methods, the client, the handler protocol and what joins it to a server.
func writeService(_ file: ProtoFile, _ namespace: String, into out: inout SourceText) {
    out.documentation(file.comment)
    out.block("package enum \(namespace)") { out in
        out.line("/// Every message of the file; for tests of the wire format.")
        out.line("package static let messages: [any WireMessage.Type] = [")
        out.indented { out in
            for message in file.messages { out.line("\(message.name).self,") }
        }
        out.line("]")
    }
    for service in file.services {
        out.line()
        writeMethods(service, file.package, namespace, into: &out)
        out.line()
        writeClient(service, namespace, into: &out)
        out.line()
        writeHandler(service, namespace, into: &out)
        out.line()
        writeRegistry(service, namespace, into: &out)
    }
}

private func writeMethods(
    _ service: ProtoService, _ package: String, _ namespace: String, into out: inout SourceText
) {
    out.block("extension \(namespace)") { out in
        out.line("/// The methods as they are named on the wire.")
        out.block("package enum Methods") { out in
            for method in service.methods {
                let name = Names.declared(Names.method(method.name))
                out.list(
                    "package static let \(name) = MethodDescriptor(",
                    [
                        "name: \"\(package).\(service.name)/\(method.name)\"",
                        "isIdempotent: \(method.isIdempotent)",
                    ], ")")
            }
        }
    }
}

private func writeClient(
    _ service: ProtoService, _ namespace: String, into out: inout SourceText
) {
    out.block("extension \(namespace)") { out in
        out.documentation(service.comment)
        if !service.comment.isEmpty { out.line("///") }
        out.line("/// Calls the service over a channel.")
        out.block("package struct Client: Sendable") { out in
            out.line("private let channel: Channel")
            out.line()
            out.block("package init(_ channel: Channel)") { $0.line("self.channel = channel") }
            for method in service.methods {
                out.line()
                writeCall(method, into: &out)
            }
        }
    }
}

private func writeCall(_ method: ProtoMethod, into out: inout SourceText) {
    let name = Names.method(method.name)
    let head = "package func \(Names.declared(name))("
    out.documentation(method.comment)
    if method.isClientStreaming {
        out.list(
            head,
            [
                "_ options: CallOptions",
                "_ write: (RequestWriter<\(method.input)>) async throws(RPCError) -> Void",
            ], ") async throws(RPCError) -> \(method.output) {")
        out.indented {
            $0.line("try await channel.clientStream(Methods.\(name), options, write)")
        }
    } else {
        let output = method.isServerStreaming ? "ResponseStream<\(method.output)>" : method.output
        let function = method.isServerStreaming ? "serverStream" : "unary"
        out.list(
            head, ["_ request: \(method.input)", "_ options: CallOptions"],
            ") async throws(RPCError) -> \(output) {")
        out.indented {
            $0.line("try await channel.\(function)(Methods.\(name), request, options)")
        }
    }
    out.line("}")
}

private func writeHandler(
    _ service: ProtoService, _ namespace: String, into out: inout SourceText
) {
    out.block("extension \(namespace)") { out in
        out.documentation(service.comment)
        if !service.comment.isEmpty { out.line("///") }
        out.line("/// Serves the methods; several calls run at a time.")
        out.block("package protocol Handler: Sendable") { out in
            for (index, method) in service.methods.enumerated() {
                if index > 0 { out.line() }
                out.documentation(method.comment)
                out.list(
                    "func \(Names.declared(Names.method(method.name)))(", parameters(method),
                    ") async throws(RPCError)"
                        + (method.isServerStreaming ? "" : " -> \(method.output)"))
            }
        }
    }
}

private func parameters(_ method: ProtoMethod) -> [String] {
    if method.isClientStreaming {
        return ["_ reader: RequestStream<\(method.input)>", "_ context: CallContext"]
    }
    if method.isServerStreaming {
        return [
            "_ request: \(method.input)", "_ writer: ResponseWriter<\(method.output)>",
            "_ context: CallContext",
        ]
    }
    return ["_ request: \(method.input)", "_ context: CallContext"]
}

private func writeRegistry(
    _ service: ProtoService, _ namespace: String, into out: inout SourceText
) {
    out.block("extension \(namespace)") { out in
        out.line("/// What a server needs to serve the handler.")
        out.block("package static func methods(_ handler: some Handler) -> [MethodHandler]") {
            out in
            out.line("[")
            out.indented { out in
                for method in service.methods { writeRegistration(method, into: &out) }
            }
            out.line("]")
        }
    }
}

private func writeRegistration(_ method: ProtoMethod, into out: inout SourceText) {
    let name = Names.method(method.name)
    let function =
        method.isClientStreaming
        ? "clientStream" : method.isServerStreaming ? "serverStream" : "unary"
    let types = parameters(method).map { String($0.dropFirst(2)) }
    let result = method.isServerStreaming ? "" : " -> \(method.output)"
    let names = types.compactMap { $0.split(separator: ":").first.map(String.init) }
    out.line(".\(function)(Methods.\(name)) {")
    out.indented { out in
        out.list("(", types, ") async throws(RPCError)\(result) in")
        out.line("try await handler.\(name)(\(names.joined(separator: ", ")))")
    }
    out.line("},")
}
