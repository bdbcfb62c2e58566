/// How names of a `.proto` file are spelled in Swift and in the code of protobuf-c.
enum Names {
    /// user_id → userID, created_at_us → createdAtUs, url_count → urlCount
    static func property(_ name: String) -> String {
        var result = ""
        for word in name.split(separator: "_") {
            result += result.isEmpty ? word.lowercased() : capitalised(String(word))
        }
        return result
    }

    private static func capitalised(_ word: String) -> String {
        switch word.lowercased() {
        case "id": "ID"
        case "ids": "IDs"
        case "url": "URL"
        case let lower: lower.prefix(1).uppercased() + lower.dropFirst()
        }
    }

    /// part → Part, applied_style → AppliedStyle
    static func type(_ name: String) -> String {
        name.split(separator: "_").map { capitalised(String($0)) }.joined()
    }

    /// ListPrices → listPrices
    static func method(_ name: String) -> String {
        name.prefix(1).lowercased() + name.dropFirst()
    }

    /// HOLD_STATE_UNSPECIFIED → unspecified, JPEG_FRAMES → jpegFrames
    static func enumCase(_ name: String, number: Int32) -> String {
        if number == 0, name.hasSuffix("_UNSPECIFIED") { return "unspecified" }
        return property(name)
    }

    /// A name that may be a keyword, where it is declared or follows no dot.
    static func declared(_ name: String) -> String {
        keywords.contains(name) ? "`\(name)`" : name
    }

    /// credits.v1 → CreditsAPI
    static func namespace(_ file: ProtoFile) -> String {
        let first = file.package.split(separator: ".").first.map(String.init) ?? file.package
        return type(first) + "API"
    }

    /// The struct of protobuf-c: Credits__V1__HoldRequest
    static func cType(_ package: String, _ message: String) -> String {
        package.split(separator: ".").map { cCamel(String($0)) + "__" }.joined() + cCamel(message)
    }

    private static func cCamel(_ name: String) -> String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// The prefix of the functions of protobuf-c: credits__v1__hold_request
    static func cPrefix(_ package: String, _ message: String) -> String {
        package.split(separator: ".").map { cLower(String($0)) + "__" }.joined() + cLower(message)
    }

    private static func cLower(_ name: String) -> String {
        var result = ""
        var wasUpper = true
        for character in name {
            if character.isUppercase {
                if !wasUpper { result += "_" }
                wasUpper = true
            } else {
                wasUpper = false
            }
            result += character.lowercased()
        }
        return result
    }

    /// The member of the struct of protobuf-c, which avoids the keywords of C++.
    static func cMember(_ name: String) -> String {
        let lower = name.lowercased()
        return cKeywords.contains(lower) ? lower + "_" : lower
    }

    private static let keywords: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
        "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
        "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
        "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
        "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws",
        "true", "try", "typealias", "var", "where", "while",
    ]

    private static let cKeywords: Set<String> = [
        "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch",
        "char", "class", "compl", "const", "const_cast", "continue", "default", "delete", "do",
        "double", "dynamic_cast", "else", "enum", "explicit", "extern", "false", "float", "for",
        "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "not",
        "not_eq", "operator", "or", "or_eq", "private", "protected", "public", "register",
        "reinterpret_cast", "return", "short", "signed", "sizeof", "static", "static_cast",
        "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid",
        "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
        "while", "xor", "xor_eq",
    ]
}
