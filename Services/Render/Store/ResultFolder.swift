internal import Glibc

/// Why a folder or a file of results could not be used.
struct ResultFolderError: Error, Hashable, Sendable {
    let message: String
}

/// A folder of files that are written once and read whole; for one thread at a time.
struct ResultFolder: Sendable {
    /// What the name of a file ends with until all of it is written.
    static let partialSuffix = ".part"

    private let path: String

    /// Makes the folder, and those above it, when it is not there.
    init(path: String) throws(ResultFolderError) {
        self.path = path
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/\(part)"
            guard mkdir(made, 0o700) == 0 || errno == EEXIST || errno == EISDIR else {
                throw ResultFolderError(message: "cannot make \(made)")
            }
        }
    }

    /// Writes a file whole, or leaves none of that name.
    func write(_ bytes: [UInt8], as name: String) throws(ResultFolderError) {
        let (target, temporary) = ("\(path)/\(name)", "\(path)/\(name)\(Self.partialSuffix)")
        guard let file = fopen(temporary, "w") else {
            throw ResultFolderError(message: "cannot write \(name)")
        }
        let written = fwrite(bytes, 1, bytes.count, file)
        let isClosed = fclose(file) == 0
        guard written == bytes.count, isClosed, rename(temporary, target) == 0 else {
            unlink(temporary)
            throw ResultFolderError(message: "cannot write \(name)")
        }
    }

    /// The bytes of a file; nil when it cannot be read.
    func read(_ name: String) -> [UInt8]? {
        guard let file = fopen("\(path)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = fread(buffer.baseAddress, 1, size, file)
        }
        return bytes.count == size ? bytes : nil
    }

    func remove(_ name: String) { unlink("\(path)/\(name)") }

    /// Removes each file whose name is chosen.
    func removeAll(_ isChosen: (String) -> Bool) {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." && isChosen(name) { remove(name) }
        }
    }
}
