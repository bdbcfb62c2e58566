internal import CLinux

/// A protoc plugin: reads a request from standard input and answers with Swift sources.
///
/// See docs/protocol.md for the shapes it writes. Run it through `make proto`.
@main
struct Main {
    static func main() {
        let request = readAll()
        let response: GeneratorResponse
        do throws(GeneratorError) {
            var sources: [SourceFile] = []
            for file in try readRequest(request) {
                try check(file)
                sources += SourceFile.generate(file)
            }
            response = GeneratorResponse(files: sources)
        } catch {
            response = GeneratorResponse(error: error.message)
        }
        writeAll(response.packed())
    }
}

/// Why nothing can be generated; the sentence is shown by protoc.
struct GeneratorError: Error, Hashable {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

private func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = read(0, &piece, piece.count)
        guard count > 0 else { return bytes }
        bytes.append(contentsOf: piece[..<count])
    }
}

private func writeAll(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(1) }
        rest = rest.dropFirst(count)
    }
}
