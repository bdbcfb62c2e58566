/// Why a process does not start with the settings it was given.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: the setting, its value and what is expected.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// One setting as the reader saw it, for `--help`, the first log line and the README check.
package struct Setting: Sendable {
    package let variable: String
    package let flag: String
    package let help: String
    package let defaultText: String
    package let value: String
    package let origin: String
    package let isSecret: Bool
}

/// Reads the typed, ranged settings of one service: flags before environment before default.
///
/// Ask for every setting, then call ``finish()``: it refuses what nobody asked for, naming the
/// nearest known variable. The first fault wins and is thrown by `finish` as well, so that a
/// service can read all its settings in one expression without `try` on each line.
package struct ConfigurationReader {
    private let prefix: String
    private let environment: [String: String]
    private var flags: [String: String]
    private var known: Set<String> = []
    private var fault: ConfigurationError?
    package private(set) var settings: [Setting] = []

    /// - Parameters:
    ///   - prefix: "CREDITS" for `CREDITS_LISTEN` and `--listen`.
    ///   - arguments: Without the program's name and subcommand: `--name value` or `--name=value`.
    package init(
        prefix: String, environment: [String: String], arguments: [String] = []
    ) throws(ConfigurationError) {
        self.prefix = prefix
        self.environment = environment
        flags = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.count > 2 else {
                throw ConfigurationError("unexpected argument \(argument); try --help")
            }
            let body = argument.dropFirst(2)
            if let equals = body.firstIndex(of: "=") {
                flags[String(body[..<equals])] = String(body[body.index(after: equals)...])
            } else if let value = rest.popFirst() {
                flags[String(body)] = value
            } else {
                throw ConfigurationError("--\(body) needs a value; try --help")
            }
        }
    }

    /// Any text; `nil` default means the setting may be absent.
    package mutating func optionalText(
        _ name: String, help: String, isSecret: Bool = false, isShared: Bool = false
    ) -> String? {
        lookUp(name, defaultText: "–", help: help, isSecret: isSecret, isShared: isShared)
    }

    package mutating func text(
        _ name: String, default defaultValue: String, help: String, isShared: Bool = false
    ) -> String {
        lookUp(name, defaultText: defaultValue, help: help, isShared: isShared) ?? defaultValue
    }

    package mutating func integer(
        _ name: String, default defaultValue: Int, in range: ClosedRange<Int>, help: String,
        isShared: Bool = false
    ) -> Int {
        guard
            let text = lookUp(
                name, defaultText: String(defaultValue), help: help, isShared: isShared)
        else { return defaultValue }
        guard let value = Int(text), range.contains(value) else {
            fail(
                name, text, "a whole number \(range.lowerBound)...\(range.upperBound)", isShared)
            return defaultValue
        }
        return value
    }

    /// "250ms", "15s", "5m", "24h".
    package mutating func duration(
        _ name: String, default defaultText: String, in range: ClosedRange<Duration>, help: String
    ) -> Duration {
        let text = lookUp(name, defaultText: defaultText, help: help) ?? defaultText
        guard let value = Self.parseDuration(text), range.contains(value) else {
            fail(
                name, text,
                "a time like 250ms, 15s, 5m or 24h from \(range.lowerBound) to \(range.upperBound)")
            return range.lowerBound
        }
        return value
    }

    package mutating func choice<C: RawRepresentable & CaseIterable>(
        _ name: String, default defaultValue: C, help: String, isShared: Bool = false
    ) -> C where C.RawValue == String {
        guard
            let text = lookUp(
                name, defaultText: defaultValue.rawValue, help: help, isShared: isShared)
        else { return defaultValue }
        guard let value = C(rawValue: text) else {
            let all = C.allCases.map(\.rawValue).joined(separator: ", ")
            fail(name, text, "one of \(all)", isShared)
            return defaultValue
        }
        return value
    }

    /// "on" or "off".
    package mutating func isOn(_ name: String, default defaultValue: Bool, help: String) -> Bool {
        enum Switch: String, CaseIterable { case on, off }
        return choice(name, default: defaultValue ? Switch.on : .off, help: help) == .on
    }

    /// "host:port"; port 0 asks the system for a free one.
    package mutating func address(
        _ name: String, default defaultText: String, help: String, isShared: Bool = false
    ) -> SocketAddress {
        let text =
            lookUp(name, defaultText: defaultText, help: help, isShared: isShared) ?? defaultText
        guard let address = SocketAddress(text) else {
            fail(name, text, "host:port", isShared)
            return SocketAddress(host: "127.0.0.1", port: 0)
        }
        return address
    }

    /// "host:port", or several of them separated by commas.
    package mutating func addresses(
        _ name: String, default defaultText: String, help: String, isShared: Bool = false
    ) -> [SocketAddress] {
        let text =
            lookUp(name, defaultText: defaultText, help: help, isShared: isShared) ?? defaultText
        let parts = text.split(separator: ",").map { SocketAddress(String($0)) }
        guard !parts.isEmpty, parts.allSatisfy({ $0 != nil }) else {
            fail(name, text, "host:port, or several separated by commas", isShared)
            return []
        }
        return parts.compactMap { $0 }
    }

    /// Refuses whatever was set and not asked for.
    package func finish() throws(ConfigurationError) {
        if let fault { throw fault }
        for variable in environment.keys.sorted()
        where variable.hasPrefix(prefix + "_") && !known.contains(variable) {
            throw ConfigurationError("\(variable) is not a setting\(suggestion(for: variable))")
        }
        for flag in flags.keys.sorted()
        where !settings.contains(where: { $0.flag == "--" + flag }) {
            throw ConfigurationError("--\(flag) is not a flag; try --help")
        }
    }

    private mutating func lookUp(
        _ name: String, defaultText: String, help: String, isSecret: Bool = false,
        isShared: Bool = false
    ) -> String? {
        let variable = variableName(name, isShared)
        let flag = name.lowercased().split(separator: "_").joined(separator: "-")
        known.insert(variable)
        let value: String?
        let origin: String
        if let given = flags[flag] {
            (value, origin) = (given, "flag")
        } else if let given = environment[variable], !given.isEmpty {
            (value, origin) = (given, "environment")
        } else {
            (value, origin) = (nil, "default")
        }
        settings.append(
            Setting(
                variable: variable, flag: "--" + flag, help: help, defaultText: defaultText,
                value: isSecret && value != nil ? "***" : value ?? defaultText, origin: origin,
                isSecret: isSecret))
        return value
    }

    /// Settings that several services share (`CLUSTER_SECRET`, `RENDER_ADDRESS`) carry no prefix.
    func variableName(_ name: String, _ isShared: Bool) -> String {
        isShared ? name : "\(prefix)_\(name)"
    }

    private mutating func fail(
        _ name: String, _ value: String, _ expected: String, _ isShared: Bool = false
    ) {
        guard fault == nil else { return }
        let variable = variableName(name, isShared)
        fault = ConfigurationError("\(variable) is \"\(value)\"; expected \(expected)")
    }

    private func suggestion(for variable: String) -> String {
        let ranked = known.map { ($0, editDistance($0, variable)) }.min { $0.1 < $1.1 }
        guard let (nearest, distance) = ranked, distance <= 6 else { return "; try --help" }
        return "; did you mean \(nearest)?"
    }

    package static func parseDuration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count < 1_000_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": return .milliseconds(count)
        case "s": return .seconds(count)
        case "m": return .seconds(count * 60)
        case "h": return .seconds(count * 3600)
        default: return nil
        }
    }
}

/// Levenshtein's distance: the least number of characters to add, drop or replace.
private func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let replaced = diagonal + (a == b ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
