internal import Glibc
internal import ServiceRuntime

/// The command line of `convergence`: parses and hands over.
package enum LauncherCommand {
    static let version = "0.1.0"
    static let help = """
        Convergence: from one line of intent to a video, by choosing between pictures.

        Usage:
          convergence up [--data DIR] [--gateway HOST:PORT] [--free-ports] [--json]
              Starts the whole set on this machine and prints its address. Ctrl-C ends it.
          convergence demo [INTENT] [--out DIR] [--url URL] [--subject-motion TEXT] [--json]
              Takes an intent through the whole flow and leaves pictures, videos, prompt and
              statement in DIR. Without --url it starts a set of its own for the time it takes.

        Examples:
          convergence up
          convergence demo "a fox crossing a frozen lake at dawn"
          convergence up --free-ports --json --data /tmp/try

        Options:
          --data DIR          where the set keeps everything (default data)
          --gateway HOST:PORT where people reach it (default 127.0.0.1:8080)
          --free-ports        any unused ports, so that several sets can run side by side
          --out DIR           where the demo leaves its results (default demo)
          --url URL           an address that is already serving
          --subject-motion TEXT  what the subject does in the preview video
          --json              one JSON line on stdout for programs
          --version, --help

        Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
        """

    package static func run() -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        signal(SIGPIPE, SIG_IGN)
        switch arguments.first {
        case nil, "--help", "-h", "help":
            Terminal.print(help)
            exit(arguments.isEmpty ? 2 : 0)
        case "up" where asksForHelp(arguments), "demo" where asksForHelp(arguments):
            Terminal.print(help)
            exit(0)
        case "--version":
            Terminal.print("convergence \(version)")
            exit(0)
        case "up":
            let command = parse(arguments) { UpCommand(options: $0) }
            if let word = command.options.words.first {
                fail("up takes no \"\(word)\"; try convergence --help")
            }
            command.run()
        case "demo":
            parse(arguments) { DemoCommand(options: $0) }.run()
        case let name?:
            fail("unknown command \(name); try convergence --help")
        }
    }

    private static func asksForHelp(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    }

    private static func parse<C>(_ arguments: [String], _ make: (LauncherOptions) -> C) -> C {
        do throws(ConfigurationError) {
            return make(try LauncherOptions(Array(arguments.dropFirst())))
        } catch {
            fail(error.description)
        }
    }

    private static func fail(_ text: String) -> Never {
        Terminal.note("convergence: \(text)")
        exit(2)
    }
}

/// What the command line asked for.
struct LauncherOptions: Sendable {
    var data: String?
    var gateway = SocketAddress(host: "127.0.0.1", port: 8080)
    var usesFreePorts = false
    var asJSON = false
    var output = "demo"
    var url: String?
    var subjectMotion: String?
    var words: [String] = []

    init(_ arguments: [String]) throws(ConfigurationError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--free-ports": usesFreePorts = true
            case "--json": asJSON = true
            case "--data": data = try Self.value(argument, &rest)
            case "--out": output = try Self.value(argument, &rest)
            case "--url": url = try Self.value(argument, &rest)
            case "--subject-motion": subjectMotion = try Self.value(argument, &rest)
            case "--gateway":
                let text = try Self.value(argument, &rest)
                guard let address = SocketAddress(text) else {
                    throw ConfigurationError("--gateway \(text) is not host:port")
                }
                gateway = address
            case "--":
                words += rest
                rest = []
            case _ where argument.hasPrefix("-"):
                throw ConfigurationError("unknown option \(argument); try convergence --help")
            default:
                words.append(argument)
            }
        }
    }

    private static func value(
        _ option: String, _ rest: inout ArraySlice<String>
    ) throws(ConfigurationError) -> String {
        guard let value = rest.popFirst(), !value.isEmpty else {
            throw ConfigurationError("\(option) needs a value")
        }
        return value
    }
}

/// Data on stdout, messages on stderr.
enum Terminal {
    static func print(_ line: String) { write(line, to: 1) }

    static func note(_ line: String) { write(line, to: 2) }

    private static func write(_ line: String, to descriptor: Int32) {
        let bytes = Array((line + "\n").utf8)
        bytes.withUnsafeBytes { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
