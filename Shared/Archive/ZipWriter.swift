internal import CArchive

/// Writes a ZIP archive piece by piece, without compression: pictures and videos have theirs.
///
/// libarchive makes the format; what it has made so far is taken with ``take()`` after each step, so
/// that an archive of any size needs no more memory than its largest piece. Not for use by several
/// tasks at a time.
package final class ZipWriter {
    package enum Failure: Error, Hashable {
        /// libarchive refused, in its words.
        case refused(String)
        /// More or fewer bytes were written than the entry was declared with.
        case wrongSize(name: String)
    }

    /// What libarchive's callback writes into; owned by the writer, outlives the handle.
    private final class Output {
        var bytes: [UInt8] = []
    }

    private let output = Output()
    private let handle: OpaquePointer
    private var open: (name: String, left: UInt64)?

    package init() throws(Failure) {
        guard let handle = archive_write_new() else { throw .refused("There is no memory.") }
        self.handle = handle
        try check(archive_write_set_format_zip(handle))
        try check(archive_write_zip_set_compression_store(handle))
        // Nothing is held back for a block to be full, and the end is not padded.
        try check(archive_write_set_bytes_per_block(handle, 0))
        try check(archive_write_set_bytes_in_last_block(handle, 1))
        try check(
            archive_write_open(
                handle, Unmanaged.passUnretained(output).toOpaque(), nil,
                { _, context, bytes, count in
                    guard let context, let bytes else { return -1 }
                    Unmanaged<Output>.fromOpaque(context).takeUnretainedValue().bytes.append(
                        contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
                    return count
                }, nil))
    }

    deinit { archive_write_free(handle) }

    /// Begins a file.
    /// - Parameters:
    ///   - name: With slashes between folders.
    ///   - seconds: Since 1970, when it was made.
    package func begin(_ name: String, size: UInt64, modified seconds: Int64) throws(Failure) {
        try end()
        guard let entry = archive_entry_new() else { throw .refused("There is no memory.") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_size(entry, Int64(clamping: size))
        archive_entry_set_filetype(entry, UInt32(0o100000))
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, Int(seconds), 0)
        try check(archive_write_header(handle, entry))
        open = (name, size)
    }

    /// Writes a piece of the file that was begun last.
    package func write(_ bytes: [UInt8]) throws(Failure) {
        guard let open, UInt64(bytes.count) <= open.left else {
            throw .wrongSize(name: open?.name ?? "")
        }
        guard !bytes.isEmpty else { return }
        let written = bytes.withUnsafeBytes {
            archive_write_data(handle, $0.baseAddress, $0.count)
        }
        guard written == bytes.count else { throw refusal() }
        self.open?.left -= UInt64(bytes.count)
    }

    /// Ends the archive.
    package func close() throws(Failure) {
        try end()
        try check(archive_write_close(handle))
    }

    /// What has been made since the last time.
    package func take() -> [UInt8] {
        defer { output.bytes = [] }
        return output.bytes
    }

    private func end() throws(Failure) {
        guard let open else { return }
        guard open.left == 0 else { throw .wrongSize(name: open.name) }
        self.open = nil
        try check(archive_write_finish_entry(handle))
    }

    private func check(_ result: Int32) throws(Failure) {
        guard result == ARCHIVE_OK else { throw refusal() }
    }

    private func refusal() -> Failure {
        .refused(archive_error_string(handle).map { String(cString: $0) } ?? "It did not say why.")
    }
}
