internal import RPC
internal import ServiceProcess
internal import ServiceRuntime

extension GatewayService {
    /// The executable `gateway`.
    static let definition = ServiceDefinition(
        name: "gateway", summary: "The public HTTP API and its page.", defaultPort: 8080,
        configure: { reader throws(ConfigurationError) in try GatewayConfiguration(&reader) },
        start: { configuration, environment in
            let backends = Backends(
                session: environment.channel(configuration.sessionAddresses),
                credits: environment.channel(configuration.creditsAddresses),
                prompt: environment.channel(configuration.promptAddresses),
                media: environment.channel(configuration.mediaAddresses),
                render: environment.channel(configuration.renderAddresses))
            let service = try await GatewayService(
                configuration: configuration, listen: environment.listen, backends: backends,
                loop: environment.loops[0], time: environment.time, random: environment.random,
                logger: environment.logger, metrics: environment.metrics)
            return RunningService(
                methods: [], address: service.address,
                readiness: { await service.readiness() }, drain: { await service.drain() },
                stop: { await service.stop() })
        })

    /// Runs the process.
    package static func run() -> Never { ServiceProcess.run(definition) }
}
