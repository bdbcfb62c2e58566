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
                configure: { reader throws(ConfigurationError) in
                    try RenderConfiguration(&reader, processors: Machine.processors)
                },
                start: { configuration, environment in
                    let service = RenderService(
                        configuration, metrics: environment.metrics,
                        depths: depths(configuration, environment.logger),
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

    private static func depths(
        _ configuration: RenderConfiguration, _ logger: Logger
    ) -> DepthList {
        var model: OnnxDepth?
        if configuration.hasModel {
            model = OnnxDepth(
                library: configuration.ortLibrary, path: configuration.depthModel,
                threads: configuration.workers)
        }
        return DepthList(configuration.depth, model: model) { reason in
            logger.warning("depth.model_failed", reason)
        }
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
