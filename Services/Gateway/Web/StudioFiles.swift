internal import Glibc
internal import HTTP

/// The studio as `make web` bundled it, read into memory at the start of the process.
///
/// The directory has a list, `files.txt`, with the name of each file; every name but the page's
/// carries the hash of what is in it, so that it may be kept for ever.
struct StudioFiles: Sendable {
    struct File: Sendable {
        let contentType: String
        let bytes: [UInt8]
        /// The same, compressed; nil where that was not worth it.
        let gzip: [UInt8]?
    }

    static let pageName = "index.html"
    private static let fileBytesMax = 16 << 20
    static let contentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        + "media-src 'self' blob:; connect-src 'self'; object-src 'none'; "
        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    private let files: [String: File]

    /// - Parameter directory: Empty = `web` beside the executable. It may be missing: then there is
    ///   no page.
    init(directory: String) {
        let directory = directory.isEmpty ? Self.programDirectory() + "/web" : directory
        let list = Self.read(directory + "/files.txt") ?? []
        var files: [String: File] = [:]
        for line in list.split(separator: UInt8(ascii: "\n")) {
            let name = String(decoding: line, as: UTF8.self)
            guard !name.contains("/"), let bytes = Self.read("\(directory)/\(name)") else {
                continue
            }
            files[name] = File(
                contentType: Self.contentType(name), bytes: bytes,
                gzip: Self.read("\(directory)/\(name).gz"))
        }
        self.files = files
    }

    var isBuilt: Bool { files[Self.pageName] != nil }

    /// The answer with this file; nil when there is none.
    func answer(_ name: String, acceptEncoding: String?) -> HTTPResponse? {
        guard let file = files[name] else { return nil }
        let isPage = name == Self.pageName
        var response = HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": file.contentType, "Vary": "Accept-Encoding",
                "Cache-Control": isPage ? "no-cache" : "public, max-age=31536000, immutable",
                "Content-Security-Policy": Self.contentSecurityPolicy,
                "Referrer-Policy": "no-referrer",
            ], body: .bytes(file.bytes))
        if let gzip = file.gzip, acceptEncoding?.contains("gzip") == true {
            response.body = .bytes(gzip)
            response.headers.append("Content-Encoding", "gzip")
        }
        return response
    }

    private static func contentType(_ name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "text/plain; charset=utf-8"
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= fileBytesMax
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let more = bytes[count...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard more > 0 else { return nil }
            count += more
        }
        return bytes
    }

    private static func programDirectory() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
        }
        let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
    }
}
