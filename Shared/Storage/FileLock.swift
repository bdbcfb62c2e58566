internal import Glibc

/// Keeps every other process away from a database file while it is held.
///
/// A lock of its own file: closing a second descriptor of the database itself would drop the locks
/// that SQLite holds. The kernel frees it when the process ends, however it ends.
final class FileLock {
    private let descriptor: Int32

    /// - Throws: ``StorageError/inUse(path:process:)``, or why the lock file cannot be made.
    init(forDatabaseAt path: String) throws(StorageError) {
        let lockPath = path + ".lock"
        descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw errno == EROFS || errno == EACCES || errno == EPERM
                ? .readOnly(path: lockPath)
                : .io("\(lockPath): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(descriptor)
            throw .inUse(path: path, process: owner)
        }
        let text = Array("\(getpid())\n".utf8)
        // Only for the message above: a lock without the number holds as well.
        if ftruncate(descriptor, 0) == 0 {
            _ = pwrite(descriptor, text, text.count, 0)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        let digits = text[..<count].prefix { (0x30...0x39).contains($0) }
        return Int32(String(decoding: digits, as: UTF8.self))
    }
}

/// Makes the folder of a file, and those above it, readable by their owner only.
func makeFolder(ofFileAt path: String) throws(StorageError) {
    var index = path.startIndex
    while let slash = path[index...].firstIndex(of: "/") {
        let folder = String(path[..<slash])
        if !folder.isEmpty, mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw .io("\(folder): \(String(cString: strerror(errno)))")
        }
        index = path.index(after: slash)
    }
}

/// Makes the database file, readable by its owner only, unless it is there: SQLite would make it
/// with the permissions of the umask, and gives its log those of the database.
func makePrivateFile(at path: String) throws(StorageError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
        throw errno == EROFS || errno == EACCES || errno == EPERM
            ? .readOnly(path: path) : .io("\(path): \(String(cString: strerror(errno)))")
    }
    close(descriptor)
}
