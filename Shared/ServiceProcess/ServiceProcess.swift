internal import CLinux
internal import Glibc
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The life of a service process: settings, logs, listeners, signals, and an end in order.
package enum ServiceProcess {
    /// Runs the executable and exits with 0 after a drain, 1 for a failure, 2 for wrong usage.
    package static func run<C: Sendable>(_ definition: ServiceDefinition<C>) -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let environment = Environment.current
        switch arguments.first {
        case "--help", "-h", "help":
            printHelp(definition, environment)
            exit(0)
        case "--version":
            writeLine("\(definition.name) \(convergenceVersion)", to: 1)
            exit(0)
        case "health":
            runCommand(healthCommand, definition, arguments, environment)
        case let name?:
            if let command = definition.commands.first(where: { $0.name == name }) {
                runCommand(command, definition, arguments, environment)
            }
        case nil:
            break
        }
        serve(definition, arguments, environment)
    }

    // MARK: Serving

    private static func serve<C: Sendable>(
        _ definition: ServiceDefinition<C>, _ arguments: [String], _ environment: [String: String]
    ) -> Never {
        let prefix = definition.name.uppercased()
        let common: CommonSettings
        let configuration: C
        let settings: [Setting]
        do throws(ConfigurationError) {
            var reader = try ConfigurationReader(
                prefix: prefix, environment: environment, arguments: arguments)
            common = try CommonSettings(&reader, defaultPort: definition.defaultPort)
            configuration = try definition.configure(&reader)
            try reader.finish()
            settings = reader.settings
        } catch {
            writeLine("\(definition.name): \(error.description)", to: 2)
            exit(2)
        }

        linux_tune_malloc()
        signal(SIGPIPE, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        // Before the first thread, so that every thread leaves the signals to this one.
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let logger = Logger(service: definition.name, level: common.logLevel)
        logger.info(
            "process.start", "version \(convergenceVersion)",
            Dictionary(
                settings.map { ("config.\($0.variable)", LogValue.text($0.value)) },
                uniquingKeysWith: { first, _ in first }))
        let loops = (0..<common.loops).map {
            EventLoop(name: "\(definition.name)-loop-\($0)", busyPoll: common.busyPoll)
        }
        let process = ServedProcess(
            name: definition.name, common: common,
            environment: ServiceEnvironment(
                time: SystemTime(), random: .system, logger: logger, metrics: Metrics(),
                loops: loops,
                identity: Identity(service: definition.name, secret: common.clusterSecret),
                listen: common.listen))
        let start = definition.start
        Task(executorPreference: loops[0]) {
            do {
                try await process.start { environment in
                    try await start(configuration, environment)
                }
            } catch {
                logger.error("process.failed", "\(error)")
                exit(1)
            }
        }

        var number: Int32 = 0
        sigwait(&signals, &number)
        logger.info("process.drain", "signal \(number)")
        Task(executorPreference: loops[0]) {
            await process.stop()
            logger.info("process.exit")
            exit(0)
        }
        sigwait(&signals, &number)
        logger.warning("process.exit", "a second signal: exit at once")
        exit(1)
    }

    // MARK: Commands

    private static var healthCommand: ServiceCommand {
        ServiceCommand(name: "health", usage: "health [--address HOST:PORT]  exit 0 when ready") {
            _, environment in
            let client = HealthAPI.Client(environment.channel())
            do throws(RPCError) {
                let reply = try await client.check(
                    HealthAPI.CheckRequest(), CallOptions(timeout: .seconds(3)))
                for reason in reply.reasons where !reason.isOk {
                    environment.print("\(reason.name): \(reason.detail)")
                }
                environment.print(reply.isReady ? "ready" : "not ready")
                return reply.isReady ? 0 : 1
            } catch {
                environment.print("not reachable: \(error.message)")
                return 1
            }
        }
    }

    private static func runCommand<C: Sendable>(
        _ command: ServiceCommand, _ definition: ServiceDefinition<C>, _ arguments: [String],
        _ environment: [String: String]
    ) -> Never {
        var rest = Array(arguments.dropFirst())
        let prefix = definition.name.uppercased()
        var addressText =
            environment["\(prefix)_ADDRESS"] ?? environment["\(prefix)_LISTEN"]
            ?? "127.0.0.1:\(definition.defaultPort)"
        if let index = rest.firstIndex(of: "--address"), index + 1 < rest.count {
            addressText = rest[index + 1]
            rest.removeSubrange(index...index + 1)
        }
        let first = addressText.split(separator: ",").first.map(String.init) ?? addressText
        guard let address = SocketAddress(first) else {
            writeLine("\(definition.name): --address \(addressText) is not host:port", to: 2)
            exit(2)
        }
        let secret: [UInt8]?
        do throws(ConfigurationError) {
            secret = try CommonSettings.clusterSecret(environment)
        } catch {
            writeLine("\(definition.name): \(error.description)", to: 2)
            exit(2)
        }
        signal(SIGPIPE, SIG_IGN)
        let loop = EventLoop(name: "command")
        let commandEnvironment = CommandEnvironment(
            environment: environment, loop: loop,
            identity: Identity(service: "\(definition.name)-command", secret: secret),
            address: address)
        let (name, run) = (definition.name, command.run)
        Task(executorPreference: loop) { [rest] in
            do {
                exit(try await run(rest, commandEnvironment))
            } catch {
                writeLine("\(name): \(error)", to: 2)
                exit(1)
            }
        }
        while true { pause() }
    }

    // MARK: Help

    private static func printHelp<C: Sendable>(
        _ definition: ServiceDefinition<C>, _ environment: [String: String]
    ) {
        let name = definition.name
        var lines = [
            definition.summary, "", "Usage:", "  \(name) [--setting value ...]",
            "  \(name) health [--address HOST:PORT]",
        ]
        lines += definition.commands.map { "  \(name) \($0.usage)" }
        lines += ["", "Settings (environment variable, or the flag of the same meaning):"]
        if var reader = try? ConfigurationReader(prefix: name.uppercased(), environment: [:]) {
            _ = try? CommonSettings(&reader, defaultPort: definition.defaultPort)
            _ = try? definition.configure(&reader)
            for setting in reader.settings {
                lines.append("  \(setting.variable) (\(setting.flag))")
                lines.append("      \(setting.help) Default: \(setting.defaultText)")
            }
        }
        for line in lines { writeLine(line, to: 1) }
    }
}

/// Writes one line with one system call.
func writeLine(_ line: String, to descriptor: Int32) {
    var bytes = Array(line.utf8)
    bytes.append(UInt8(ascii: "\n"))
    bytes.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
}
