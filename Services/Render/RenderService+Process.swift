internal import RPC
internal import ServiceAPI
internal import ServiceProcess
internal import ServiceRuntime

extension RenderService {
    /// Runs the executable `render`; returns never.
    package static func runProcess() -> Never {
        ServiceProcess.run(
            ServiceDefinition(
                name: "render",
                summary: "Renders camera moves over pictures and estimates depth.",
                defaultPort: 7105,
                configure: { RenderConfiguration(&$0, processors: Machine.processors) },
                start: { configuration, environment in
                    let service = RenderService(configuration, metrics: environment.metrics)
                    return RunningService(
                        methods: RenderAPI.methods(RenderHandler(service)),
                        stop: { service.stop() })
                }))
    }
}
