internal import CMessages
internal import CProtobufC

private typealias FileC = Google__Protobuf__FileDescriptorProto
private typealias MessageC = Google__Protobuf__DescriptorProto
private typealias FieldC = Google__Protobuf__FieldDescriptorProto
private typealias EnumC = Google__Protobuf__EnumDescriptorProto
private typealias ServiceC = Google__Protobuf__ServiceDescriptorProto

/// Unpacks a `CodeGeneratorRequest` into the files that code is asked for.
func readRequest(_ bytes: [UInt8]) throws(GeneratorError) -> [ProtoFile] {
    guard
        let request = google__protobuf__compiler__code_generator_request__unpack(
            nil, bytes.count, bytes)
    else { throw GeneratorError("the request does not unpack") }
    defer { google__protobuf__compiler__code_generator_request__free_unpacked(request, nil) }
    let wanted = texts(request.pointee.file_to_generate, request.pointee.n_file_to_generate)
    var files: [ProtoFile] = []
    for file in pointers(request.pointee.proto_file, request.pointee.n_proto_file)
    where wanted.contains(text(file.pointee.name)) {
        files.append(try read(file))
    }
    return files
}

private func text(_ pointer: UnsafePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
}

private func texts(
    _ base: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
) -> [String] {
    (0..<count).map { text(base?[$0]) }
}

private func pointers<C>(
    _ base: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int
) -> [UnsafeMutablePointer<C>] {
    (0..<count).compactMap { base?[$0] }
}

/// Comments by the path of what they stand at, as `SourceCodeInfo` has them.
private struct Comments {
    private var leading: [[Int32]: [String]] = [:]
    private var trailing: [[Int32]: [String]] = [:]

    init(_ file: UnsafeMutablePointer<FileC>) {
        guard let info = file.pointee.source_code_info else { return }
        for location in pointers(info.pointee.location, info.pointee.n_location) {
            let path = (0..<location.pointee.n_path).map { location.pointee.path[$0] }
            leading[path] = Self.lines(text(location.pointee.leading_comments))
            trailing[path] = Self.lines(text(location.pointee.trailing_comments))
            if path == [12] {
                // What stands above `syntax` describes the file.
                leading[[]] = leading[path]
            }
        }
    }

    subscript(path: [Int32]) -> [String] {
        (leading[path] ?? []) + (trailing[path] ?? [])
    }

    private static func lines(_ comment: String) -> [String] {
        var lines = comment.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while line.first == " " { line = line.dropFirst() }
            while line.last == " " { line = line.dropLast() }
            return String(line)
        }
        while lines.last == "" { lines.removeLast() }
        while lines.first == "" { lines.removeFirst() }
        return lines
    }
}

private func read(_ file: UnsafeMutablePointer<FileC>) throws(GeneratorError) -> ProtoFile {
    let comments = Comments(file)
    let package = text(file.pointee.package)
    guard text(file.pointee.syntax) == "proto3", !package.isEmpty else {
        throw GeneratorError("\(text(file.pointee.name)): proto3 with a package is needed")
    }
    var result = ProtoFile(
        name: text(file.pointee.name), package: package, comment: comments[[]], messages: [],
        enums: [], services: [])
    for (i, message) in pointers(file.pointee.message_type, file.pointee.n_message_type)
        .enumerated()
    {
        result.messages.append(try read(message, package, comments, [4, Int32(i)]))
    }
    for (i, type) in pointers(file.pointee.enum_type, file.pointee.n_enum_type).enumerated() {
        result.enums.append(read(type, comments, [5, Int32(i)]))
    }
    for (i, service) in pointers(file.pointee.service, file.pointee.n_service).enumerated() {
        result.services.append(try read(service, package, comments, [6, Int32(i)]))
    }
    return result
}

private func read(
    _ message: UnsafeMutablePointer<MessageC>, _ package: String, _ comments: Comments,
    _ path: [Int32]
) throws(GeneratorError) -> ProtoMessage {
    let name = text(message.pointee.name)
    guard message.pointee.n_nested_type == 0, message.pointee.n_enum_type == 0,
        message.pointee.n_extension == 0
    else { throw GeneratorError("\(name): types nested in a message (and maps) are not supported") }
    var result = ProtoMessage(name: name, comment: comments[path], fields: [], oneofs: [])
    for oneof in pointers(message.pointee.oneof_decl, message.pointee.n_oneof_decl) {
        result.oneofs.append(text(oneof.pointee.name))
    }
    for (i, field) in pointers(message.pointee.field, message.pointee.n_field).enumerated() {
        let comment = comments[path + [2, Int32(i)]]
        result.fields.append(try read(field, of: name, package, comment))
    }
    return result
}

private func read(
    _ field: UnsafeMutablePointer<FieldC>, of message: String, _ package: String,
    _ comment: [String]
) throws(GeneratorError) -> ProtoField {
    let name = text(field.pointee.name)
    guard field.pointee.proto3_optional == 0 else {
        throw GeneratorError(
            "\(message).\(name): no optional; use a oneof or a message for presence")
    }
    return ProtoField(
        name: name, comment: comment, number: field.pointee.number,
        kind: try kind(field, of: "\(message).\(name)", package),
        isRepeated: field.pointee.label
            == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED,
        oneof: field.pointee.has_oneof_index != 0 ? Int(field.pointee.oneof_index) : nil)
}

private func kind(
    _ field: UnsafeMutablePointer<FieldC>, of place: String, _ package: String
) throws(GeneratorError) -> ProtoField.Kind {
    switch field.pointee.type {
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE: return .number("Double")
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT: return .number("Float")
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64,
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT64,
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED64:
        return .number("Int64")
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64,
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64:
        return .number("UInt64")
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32,
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32,
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32:
        return .number("Int32")
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32,
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32:
        return .number("UInt32")
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL: return .bool
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING: return .text
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES: return .bytes
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM:
        return .enumeration(try local(text(field.pointee.type_name), package))
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE:
        return .message(try local(text(field.pointee.type_name), package))
    default:
        throw GeneratorError("\(place): the type is not supported")
    }
}

/// ".credits.v1.Balance" → "Balance"
private func local(_ name: String, _ package: String) throws(GeneratorError) -> String {
    let prefix = ".\(package)."
    guard name.hasPrefix(prefix) else {
        throw GeneratorError("\(name): types of another file are not supported")
    }
    return String(name.dropFirst(prefix.count))
}

private func read(
    _ type: UnsafeMutablePointer<EnumC>, _ comments: Comments, _ path: [Int32]
) -> ProtoEnum {
    var result = ProtoEnum(name: text(type.pointee.name), comment: comments[path], values: [])
    for (i, value) in pointers(type.pointee.value, type.pointee.n_value).enumerated() {
        result.values.append(
            ProtoEnum.Value(
                name: text(value.pointee.name), number: value.pointee.number,
                comment: comments[path + [2, Int32(i)]]))
    }
    return result
}

private func read(
    _ service: UnsafeMutablePointer<ServiceC>, _ package: String, _ comments: Comments,
    _ path: [Int32]
) throws(GeneratorError) -> ProtoService {
    var result = ProtoService(
        name: text(service.pointee.name), comment: comments[path], methods: [])
    for (i, method) in pointers(service.pointee.method, service.pointee.n_method).enumerated() {
        var isIdempotent = false
        if let options = method.pointee.options, options.pointee.has_idempotency_level != 0 {
            // 1 = no side effects, 2 = idempotent.
            isIdempotent = options.pointee.idempotency_level.rawValue != 0
        }
        result.methods.append(
            ProtoMethod(
                name: text(method.pointee.name), comment: comments[path + [2, Int32(i)]],
                input: try local(text(method.pointee.input_type), package),
                output: try local(text(method.pointee.output_type), package),
                isClientStreaming: method.pointee.client_streaming != 0,
                isServerStreaming: method.pointee.server_streaming != 0,
                isIdempotent: isIdempotent))
    }
    return result
}
