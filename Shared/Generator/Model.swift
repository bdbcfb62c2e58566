/// One `.proto` file with a service, as far as the generator needs it.
struct ProtoFile {
    var name: String
    /// "credits.v1"
    var package: String
    var comment: [String]
    var messages: [ProtoMessage]
    var enums: [ProtoEnum]
    var services: [ProtoService]
}

struct ProtoMessage {
    var name: String
    var comment: [String]
    var fields: [ProtoField]
    /// The names of the oneofs, by index.
    var oneofs: [String]
}

struct ProtoField {
    /// What a value of the field is.
    enum Kind: Hashable {
        case text
        case bytes
        case bool
        /// A number, by its Swift name.
        case number(String)
        case enumeration(String)
        case message(String)
    }

    var name: String
    var comment: [String]
    var number: Int32
    var kind: Kind
    var isRepeated: Bool
    /// The index of the oneof that the field is a member of.
    var oneof: Int?
}

struct ProtoEnum {
    struct Value {
        var name: String
        var number: Int32
        var comment: [String]
    }

    var name: String
    var comment: [String]
    var values: [Value]
}

struct ProtoService {
    var name: String
    var comment: [String]
    var methods: [ProtoMethod]
}

struct ProtoMethod {
    var name: String
    var comment: [String]
    var input: String
    var output: String
    var isClientStreaming: Bool
    var isServerStreaming: Bool
    var isIdempotent: Bool
}
