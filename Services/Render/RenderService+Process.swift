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
                    let service = RenderService(
                        configuration, metrics: environment.metrics,
                        store: try await openStore(configuration, time: environment.time))
                    let keeping = Task(executorPreference: environment.loops[0]) {
                        await service.keepResults()
                    }
                    return RunningService(
                        methods: RenderAPI.methods(RenderHandler(service)),
                        drain: {
                            keeping.cancel()
                            await keeping.value
                        },
                        stop: { service.stop() })
                }))
    }

    private static func openStore(
        _ configuration: RenderConfiguration, time: any TimeSource
    ) async throws -> ResultStore? {
        guard configuration.store != "none" else { return nil }
        let scheme = "file:"
        guard configuration.results.hasPrefix(scheme) else {
            throw ResultFolderError(message: "RENDER_RESULTS must be file:PATH")
        }
        return try await ResultStore.open(
            configuration.store, folder: String(configuration.results.dropFirst(scheme.count)),
            budgetBytes: configuration.diskCacheBytes, time: time)
    }
}
