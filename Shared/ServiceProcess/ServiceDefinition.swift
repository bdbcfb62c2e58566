package import RPC
package import ServiceAPI
package import ServiceRuntime

/// The version of the whole set; every executable prints it for `--version`.
package let convergenceVersion = "0.1.0"

/// One service executable, as its `Main/` describes it.
package struct ServiceDefinition<Configuration: Sendable>: Sendable {
    /// "credits": the executable, the log field and the metrics prefix.
    package let name: String
    /// One sentence for `--help`.
    package let summary: String
    /// The port of design: 7102; the RPC server listens there unless told.
    package let defaultPort: UInt16
    /// Reads the service's own settings. The common ones are read for it.
    package let configure:
        @Sendable (inout ConfigurationReader) throws(ConfigurationError) -> Configuration
    /// Opens the store and starts background work. The service is not reachable before it returns.
    package let start: @Sendable (Configuration, ServiceEnvironment) async throws -> RunningService
    package let commands: [ServiceCommand]

    package init(
        name: String, summary: String, defaultPort: UInt16,
        configure:
            @escaping @Sendable (inout ConfigurationReader) throws(ConfigurationError)
            -> Configuration,
        start:
            @escaping @Sendable (Configuration, ServiceEnvironment) async throws
            -> RunningService,
        commands: [ServiceCommand] = []
    ) {
        self.name = name
        self.summary = summary
        self.defaultPort = defaultPort
        self.configure = configure
        self.start = start
        self.commands = commands
    }
}

/// What a service gets from its process.
package struct ServiceEnvironment: Sendable {
    package let time: any TimeSource
    package let random: RandomSource
    package let logger: Logger
    package let metrics: Metrics
    /// At least one; requests run on them.
    package let loops: [EventLoop]
    /// How this service names and proves itself to others.
    package let identity: Identity
    /// Where the process should listen (the gateway listens there itself).
    package let listen: SocketAddress

    /// A channel to another service on the first loop.
    package func channel(_ addresses: [SocketAddress]) -> Channel {
        Channel(addresses: addresses, identity: identity, loop: loops[0], random: random)
    }
}

/// A service that has started.
package struct RunningService: Sendable {
    /// What the RPC server serves; empty = none is started (the gateway).
    package let methods: [MethodHandler]
    /// Where it listens when it does so itself.
    package let address: SocketAddress?
    /// One reason for each check: store, disk, the services it needs.
    package let readiness: @Sendable () async -> [HealthAPI.Reason]
    /// Ends background work: claims nothing more, waits for what must not be cut.
    package let drain: @Sendable () async -> Void
    /// Closes stores; called last.
    package let stop: @Sendable () async -> Void

    package init(
        methods: [MethodHandler], address: SocketAddress? = nil,
        readiness: @escaping @Sendable () async -> [HealthAPI.Reason] = { [] },
        drain: @escaping @Sendable () async -> Void = {},
        stop: @escaping @Sendable () async -> Void = {}
    ) {
        self.methods = methods
        self.address = address
        self.readiness = readiness
        self.drain = drain
        self.stop = stop
    }
}

/// A maintenance subcommand: `credits verify`.
package struct ServiceCommand: Sendable {
    package let name: String
    /// One line for `--help`, with the arguments it takes.
    package let usage: String
    /// - Returns: The exit code.
    package let run: @Sendable ([String], CommandEnvironment) async throws -> Int32

    package init(
        name: String, usage: String,
        run: @escaping @Sendable ([String], CommandEnvironment) async throws -> Int32
    ) {
        self.name = name
        self.usage = usage
        self.run = run
    }
}

/// What a maintenance subcommand gets.
package struct CommandEnvironment: Sendable {
    package let environment: [String: String]
    package let loop: EventLoop
    package let identity: Identity
    /// The running service: `--address`, else `<NAME>_ADDRESS`, else its default.
    package let address: SocketAddress

    package func channel() -> Channel {
        Channel(addresses: [address], identity: identity, loop: loop)
    }

    /// One line of data on stdout.
    package func print(_ line: String) {
        writeLine(line, to: 1)
    }
}
