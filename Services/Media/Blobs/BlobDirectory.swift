internal import Glibc

/// A folder that is only reached through its descriptor, so that nothing outside it is ever opened:
/// names are checked, links are not followed, files are readable by their owner alone.
// Safe: the descriptor never changes after init; the calls on it are atomic in the kernel.
final class BlobDirectory: @unchecked Sendable {
    private let descriptor: Int32

    /// Opens a folder; makes it, and those above it, when it is not there.
    /// - Throws: ``BlobError/io(_:)``, also when the last part of the path is a link.
    init(path: String) throws(BlobError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .io("\"\(path)\" is no folder") }
        var index = path.startIndex
        while let slash = path[index...].firstIndex(of: "/") {
            let folder = String(path[..<slash])
            if !folder.isEmpty, mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw .system("mkdir \(folder)")
            }
            index = path.index(after: slash)
        }
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system("mkdir \(path)") }
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system("open \(path)") }
    }

    /// Opens a folder inside another, made when `isMade`.
    init(_ parent: BlobDirectory, _ name: String, isMade: Bool) throws(BlobError) {
        precondition(Self.isSafe(name))
        if isMade {
            if mkdirat(parent.descriptor, name, 0o700) == 0 {
                // The new name must last as long as the files under it.
                try parent.sync()
            } else if errno != EEXIST {
                throw .system("mkdir \(name)")
            }
        }
        descriptor = openat(
            parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing : .system("open \(name)")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Makes changes of names in this folder durable.
    func sync() throws(BlobError) {
        guard fsync(descriptor) == 0 else { throw .system("fsync folder") }
    }

    /// Makes a file that must not be there yet.
    func create(_ name: String) throws(BlobError) -> OpenFile {
        precondition(Self.isSafe(name))
        let file = openat(
            descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .system("create \(name)") }
        return OpenFile(descriptor: file)
    }

    /// Opens a plain file to read; a link or anything else that is no file is refused.
    func open(_ name: String) throws(BlobError) -> OpenFile {
        precondition(Self.isSafe(name))
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT: throw .missing
            case ELOOP: throw .damaged("\(name) is a link")
            default: throw .system("open \(name)")
            }
        }
        let opened = OpenFile(descriptor: file)
        guard try opened.isPlain() else { throw .damaged("\(name) is no plain file") }
        return opened
    }

    /// Moves a file to another folder of the same file system; a file of that name is replaced.
    func move(_ name: String, to other: BlobDirectory, as newName: String) throws(BlobError) {
        precondition(Self.isSafe(name) && Self.isSafe(newName))
        guard renameat(descriptor, name, other.descriptor, newName) == 0 else {
            throw .system("rename \(name)")
        }
    }

    /// Removes a file; no error when it is not there.
    func remove(_ name: String) throws(BlobError) {
        precondition(Self.isSafe(name))
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw .system("unlink \(name)")
        }
    }

    /// The size of a plain file in bytes, nil when there is none of that name.
    func size(_ name: String) throws(BlobError) -> Int? {
        precondition(Self.isSafe(name))
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw .system("stat \(name)")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .damaged("\(name) is no plain file") }
        return Int(status.st_size)
    }

    /// When a file was last written, in seconds since 1970; nil when it is not there.
    func modifiedSeconds(_ name: String) -> Int64? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec)
    }

    /// The names in this folder, in no order.
    func names() throws(BlobError) -> [String] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            throw .system("list folder")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Free and whole size of the file system, in bytes.
    func space() throws(BlobError) -> (free: UInt64, total: UInt64) {
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0 else { throw .system("statvfs") }
        let unit = UInt64(status.f_frsize)
        return (UInt64(status.f_bavail) * unit, UInt64(status.f_blocks) * unit)
    }

    /// Keeps every other process away from this folder until this one ends.
    /// - Throws: ``BlobError/inUse`` when another process has it.
    func lockExclusively() throws(BlobError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse }
    }

    /// Lets others have the folder again.
    func unlock() { flock(descriptor, LOCK_UN) }

    private static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 }
    }
}

/// A file that is open, closed with the last reference to it.
// Safe: the descriptor never changes after init; reads name their own offset.
package final class OpenFile: @unchecked Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    func isPlain() throws(BlobError) -> Bool {
        try status().st_mode & S_IFMT == S_IFREG
    }

    func size() throws(BlobError) -> Int {
        Int(try status().st_size)
    }

    private func status() throws(BlobError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("stat") }
        return status
    }

    /// Writes all bytes at the end of what was written before.
    func append(_ bytes: [UInt8]) throws(BlobError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("write")
            }
            offset += count
        }
    }

    /// Makes what was written durable.
    func sync() throws(BlobError) {
        guard fsync(descriptor) == 0 else { throw .system("fsync") }
    }

    /// Fills the buffer from an offset.
    /// - Returns: Bytes read; fewer than asked for only at the end of the file.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(BlobError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("read")
            }
            if count == 0 { break }
            done += count
        }
        return done
    }
}

/// Why bytes could not be kept or read.
package enum BlobError: Error, Hashable, Sendable {
    /// There is no file of this digest.
    case missing
    /// What is there is not what was stored.
    case damaged(String)
    /// The disk is full, or too full by the limits.
    case full
    /// Another process uses the folder.
    case inUse
    /// A call of the system failed.
    case io(String)

    fileprivate static func system(_ call: String) -> BlobError {
        let code = errno
        if code == ENOSPC || code == EDQUOT { return .full }
        return .io("\(call): \(String(cString: strerror(code)))")
    }
}
