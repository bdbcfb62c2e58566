import Glibc
import ServiceAPI
import Wire

/// Every message of `proto/` that has generated code.
enum MessageTypes {
    static let all: [any WireMessage.Type] =
        CreditsAPI.messages + CreditsAdminAPI.messages + EchoAPI.messages + HealthAPI.messages
        + MediaAPI.messages
        + PaymentsAPI.messages + PromptAPI.messages + RenderAPI.messages + SessionAPI.messages

    /// The names of all messages that the `.proto` files with a service declare.
    static func declared(file: String = #filePath) throws -> Set<String> {
        let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
            .joined(separator: "/")
        guard let directory = opendir(root + "/proto") else { return [] }
        defer { closedir(directory) }
        var names: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".proto") else { continue }
            let lines = contents(root + "/proto/" + name)
                .split(separator: "\n", omittingEmptySubsequences: true)
            guard lines.contains(where: { $0.hasPrefix("service ") }),
                let package = lines.first(where: { $0.hasPrefix("package ") })
            else { continue }
            let word = package.dropFirst("package ".count).prefix { $0 != "." }
            let namespace =
                word.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
                .joined() + "API"
            for line in lines where line.hasPrefix("message ") {
                let message = line.dropFirst("message ".count).prefix { $0 != " " && $0 != "{" }
                names.insert("ServiceAPI.\(namespace).\(message)")
            }
        }
        return names
    }

    private static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }
}
