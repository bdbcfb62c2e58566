import Glibc
import RenderService
import Testing

struct FileProblem: Error {
    let path: String
}

/// Runs `body` with the path of a new folder, which is removed afterwards.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/convergence-render-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileProblem(path: "/tmp") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    do {
        try await body(path)
    } catch {
        removeFolder(path)
        throw error
    }
    removeFolder(path)
}

/// Paths of the entries of a folder, in order.
func files(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var paths: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { paths.append("\(folder)/\(name)") }
    }
    return paths.sorted()
}

private func removeFolder(_ path: String) {
    for entry in files(in: path) where unlink(entry) != 0 { removeFolder(entry) }
    rmdir(path)
}

func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw FileProblem(path: path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
        bytes += buffer[..<count]
    }
    return bytes
}

func writeFile(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw FileProblem(path: path) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw FileProblem(path: path) }
}

func removeFile(_ path: String) { unlink(path) }

/// Something with detail everywhere, so that no codec has it easy.
func noise(_ width: Int, _ height: Int) -> [UInt8] {
    var state: UInt64 = 1
    return (0..<(width * height * 3)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 40)
    }
}
