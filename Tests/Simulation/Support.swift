import Glibc
import ServiceRuntime

extension RandomSource {
    /// A number in 0..<bound.
    func below(_ bound: Int) -> Int { Int(nextUInt64() % UInt64(bound)) }

    /// True with this probability.
    func chance(_ probability: Double) -> Bool { unit() < probability }

    func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// A duration between the two, each order of magnitude as likely as the others.
    func duration(_ least: Duration, _ most: Duration) -> Duration {
        let (low, high) = (Double(least.nanoseconds), Double(most.nanoseconds))
        var length = low
        // Without a logarithm: doubled as often as it fits, then a share of the last step.
        var doublings = 0
        while length * 2 <= high {
            length *= 2
            doublings += 1
        }
        let start = low * Double(1 << below(doublings + 1))
        return .nanoseconds(Int64(min(high, start + start * unit())))
    }
}

/// Everything that happened, in order, with a digest by which two runs are compared.
// Safe: used on the simulation's thread only.
final class EventLog: @unchecked Sendable {
    private(set) var lines: [String] = []
    private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    private let time: VirtualTime

    init(time: VirtualTime) { self.time = time }

    func note(_ text: String) {
        let line = "\(time.instant.nanoseconds / 1_000) \(text)"
        for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
        lines.append(line)
    }
}

/// Folders and files of a simulation.
enum Files {
    /// A folder in memory where there is one: a flush costs nothing there, and what survives a
    /// killed process is the same.
    static func makeFolder() -> String {
        for parent in ["/dev/shm", "/tmp"] {
            var template = Array("\(parent)/convergence-simulation-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { continue }
            return String(
                decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        preconditionFailure("no folder for a simulation")
    }

    static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func bytes(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes += buffer[..<count]
        }
    }

    /// What a killed process leaves: stores as they are now; blobs never change, so links do.
    static func copy(_ source: String, to target: String, isLinked: Bool = false) {
        mkdir(target, 0o700)
        for name in names(in: source) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            if isFolder(from) {
                copy(from, to: to, isLinked: isLinked || name == "blobs")
            } else if isLinked {
                link(from, to)
            } else if !name.hasSuffix("-shm"), !name.hasSuffix(".lock") {
                // The shared memory of a log is made anew from the log; locks end with a process.
                let bytes = bytes(of: from) ?? []
                let descriptor = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
                precondition(write(descriptor, bytes, bytes.count) == bytes.count)
                close(descriptor)
            }
        }
    }

    static func remove(_ path: String) {
        if isFolder(path) {
            for name in names(in: path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
