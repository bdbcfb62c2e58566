internal import Glibc

/// A text that must not be seen: it prints as `***`.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { "***" }
    package var debugDescription: String { "***" }

    /// The text itself, for the one place that needs it.
    package func reveal() -> String { text }
}

extension ConfigurationReader {
    /// A secret from `NAME`, or from the file that `NAME_FILE` names; nil without either.
    package mutating func secret(
        _ name: String, help: String
    ) throws(ConfigurationError) -> Secret? {
        let text = optionalText(name, help: help, isSecret: true)
        let variable = variableName(name, false)
        let file = optionalText("\(name)_FILE", help: "A file with it, instead.")
        if let text {
            guard file == nil else {
                throw ConfigurationError("\(variable) and \(variable)_FILE are both set; use one")
            }
            return Secret(text)
        }
        guard let file else { return nil }
        guard var text = Self.contents(of: file) else {
            throw ConfigurationError("\(variable)_FILE \(file) cannot be read")
        }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        guard !text.isEmpty else {
            throw ConfigurationError("\(variable)_FILE \(file) is empty")
        }
        return Secret(text)
    }

    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(validating: bytes.prefix(count), as: UTF8.self)
    }
}
