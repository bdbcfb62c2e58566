import CSQLite
import Glibc
import ServiceRuntime

/// A file system for SQLite that knows what was flushed: everything goes to the real one, and what
/// was written since the last flush of a file can be taken out of a copy of it, as a machine that
/// loses its power does.
///
/// Only stores are opened through it. Deletions and names of files last at once.
enum LossyFiles {
    static let name = "lossy"

    /// A write that a file has not been flushed after.
    struct Write {
        var offset: Int64
        /// What was there before.
        var before: [UInt8]
        var bytesBefore: Int64
    }

    /// By path: writes since the last flush, the oldest first.
    static let unflushed = Lock<[String: [Write]]>([:])

    /// Registers it, once in a process.
    static let isRegistered: Bool = register()

    /// Takes the last `count` writes that were not flushed out of a copy of a file.
    static func lose(_ count: Int, of path: String, in copy: String) {
        let writes = unflushed.withLock { $0[path] ?? [] }
        let descriptor = open(copy, O_RDWR)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        for write in writes.suffix(count).reversed() {
            let written = pwrite(descriptor, write.before, write.before.count, off_t(write.offset))
            precondition(written == write.before.count)
            precondition(ftruncate(descriptor, off_t(write.bytesBefore)) == 0)
        }
    }

    static func unflushedCount(of path: String) -> Int {
        unflushed.withLock { $0[path]?.count ?? 0 }
    }

    /// What is kept of the files of a folder is forgotten.
    static func forget(_ folder: String) {
        unflushed.withLock { files in
            files = files.filter { !$0.key.hasPrefix(folder + "/") }
        }
    }

    // MARK: The methods of SQLite

    /// In front of the real file, which follows it.
    private struct Header {
        var methods: UnsafePointer<sqlite3_io_methods>?
        /// Retained; nil for files that are not watched.
        var path: Unmanaged<Path>?
    }

    private final class Path {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private typealias File = UnsafeMutablePointer<sqlite3_file>

    private static func header(_ file: File?) -> UnsafeMutablePointer<Header> {
        UnsafeMutableRawPointer(file!).assumingMemoryBound(to: Header.self)
    }

    private static func real(_ file: File?) -> File {
        (UnsafeMutableRawPointer(file!) + MemoryLayout<Header>.size)
            .assumingMemoryBound(to: sqlite3_file.self)
    }

    private static func methods(_ file: File?) -> sqlite3_io_methods {
        real(file).pointee.pMethods.pointee
    }

    private static func note(_ file: File?, at offset: Int64, _ count: Int64) {
        guard let path = header(file).pointee.path?.takeUnretainedValue() else { return }
        var size: sqlite3_int64 = 0
        _ = methods(file).xFileSize(real(file), &size)
        var before = [UInt8](repeating: 0, count: Int(max(0, min(count, size - offset))))
        if !before.isEmpty {
            _ = methods(file).xRead(real(file), &before, Int32(before.count), offset)
        }
        let write = Write(offset: offset, before: before, bytesBefore: size)
        unflushed.withLock { $0[path.text, default: []].append(write) }
    }

    // Safe: written once, before anybody reads it.
    nonisolated(unsafe) private static let ioMethods: UnsafePointer<sqlite3_io_methods> = {
        var own = sqlite3_io_methods()
        own.iVersion = 2
        own.xClose = { file in
            LossyFiles.header(file).pointee.path?.release()
            return LossyFiles.methods(file).xClose(LossyFiles.real(file))
        }
        own.xRead = { file, buffer, count, offset in
            LossyFiles.methods(file).xRead(LossyFiles.real(file), buffer, count, offset)
        }
        own.xWrite = { file, buffer, count, offset in
            LossyFiles.note(file, at: offset, Int64(count))
            return LossyFiles.methods(file).xWrite(LossyFiles.real(file), buffer, count, offset)
        }
        own.xTruncate = { file, size in
            LossyFiles.note(file, at: size, Int64.max / 2)
            return LossyFiles.methods(file).xTruncate(LossyFiles.real(file), size)
        }
        own.xSync = { file, flags in
            if let path = LossyFiles.header(file).pointee.path?.takeUnretainedValue() {
                LossyFiles.unflushed.withLock { $0[path.text] = nil }
            }
            return LossyFiles.methods(file).xSync(LossyFiles.real(file), flags)
        }
        own.xFileSize = { LossyFiles.methods($0).xFileSize(LossyFiles.real($0), $1) }
        own.xLock = { LossyFiles.methods($0).xLock(LossyFiles.real($0), $1) }
        own.xUnlock = { LossyFiles.methods($0).xUnlock(LossyFiles.real($0), $1) }
        own.xCheckReservedLock = {
            LossyFiles.methods($0).xCheckReservedLock(LossyFiles.real($0), $1)
        }
        own.xFileControl = { LossyFiles.methods($0).xFileControl(LossyFiles.real($0), $1, $2) }
        own.xSectorSize = { LossyFiles.methods($0).xSectorSize(LossyFiles.real($0)) }
        own.xDeviceCharacteristics = {
            LossyFiles.methods($0).xDeviceCharacteristics(LossyFiles.real($0))
        }
        own.xShmMap = { LossyFiles.methods($0).xShmMap(LossyFiles.real($0), $1, $2, $3, $4) }
        own.xShmLock = { LossyFiles.methods($0).xShmLock(LossyFiles.real($0), $1, $2, $3) }
        own.xShmBarrier = { LossyFiles.methods($0).xShmBarrier(LossyFiles.real($0)) }
        own.xShmUnmap = { LossyFiles.methods($0).xShmUnmap(LossyFiles.real($0), $1) }
        let stored = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        stored.initialize(to: own)
        return UnsafePointer(stored)
    }()

    private static func register() -> Bool {
        guard let usual = sqlite3_vfs_find(nil) else { return false }
        var own = usual.pointee
        own.pNext = nil
        own.zName = UnsafePointer(strdup(name))
        own.szOsFile += Int32(MemoryLayout<Header>.size)
        own.xOpen = { _, name, file, flags, out in
            let usual = sqlite3_vfs_find(nil)!
            let real = LossyFiles.real(file)
            let code = usual.pointee.xOpen(usual, name, real, flags, out)
            let header = LossyFiles.header(file)
            let isWatched = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL) != 0
            header.pointee.path =
                isWatched
                ? name.map { Unmanaged.passRetained(Path(String(cString: $0))) } : nil
            header.pointee.methods = real.pointee.pMethods == nil ? nil : LossyFiles.ioMethods
            return code
        }
        let stored = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        stored.initialize(to: own)
        return sqlite3_vfs_register(stored, 0) == SQLITE_OK
    }
}
