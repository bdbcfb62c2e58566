internal import Glibc

/// What a process of this machine uses, from `/proc`; zero for one that has ended.
package struct ProcessUsage: Sendable {
    package let pid: Int32

    package init(pid: Int32) {
        self.pid = pid
    }

    /// CPU time used so far, user and system, in seconds.
    package var cpuSeconds: Double {
        let text = Self.text("/proc/\(pid)/stat")
        guard let close = text.lastIndex(of: ")") else { return 0 }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory, in bytes.
    package var residentBytes: Int {
        let fields = Self.text("/proc/\(pid)/statm").split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    /// The process that listens at a TCP port over IPv4; nil when none of this machine does, or
    /// when it belongs to somebody else.
    package static func listening(atPort port: UInt16) -> ProcessUsage? {
        let hex = String(port, radix: 16, uppercase: true)
        let ending = ":" + String(repeating: "0", count: 4 - hex.count) + hex
        var inode: Substring?
        for line in text("/proc/net/tcp").split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            // 0A is LISTEN.
            if fields.count > 9, fields[1].hasSuffix(ending), fields[3] == "0A" {
                inode = fields[9]
            }
        }
        guard let inode else { return nil }
        let socket = "socket:[\(inode)]"
        for pid in names("/proc").compactMap({ Int32($0) }) {
            for file in names("/proc/\(pid)/fd")
            where target("/proc/\(pid)/fd/\(file)") == socket {
                return ProcessUsage(pid: pid)
            }
        }
        return nil
    }

    private static func names(_ directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    private static func target(_ link: String) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(link, &buffer, buffer.count)
        return String(
            decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
