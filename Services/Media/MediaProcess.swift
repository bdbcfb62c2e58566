internal import RPC
internal import ServiceAPI
package import ServiceProcess
internal import ServiceRuntime

/// The `media` executable: settings, parts and subcommands.
package enum MediaProcess {
    package static let definition = ServiceDefinition(
        name: "media",
        summary: "Assets, generation jobs and every provider call of Convergence.",
        defaultPort: 7104,
        configure: { reader in MediaConfiguration(&reader) },
        start: { configuration, environment in
            try await start(configuration, environment)
        },
        commands: MediaCommands.all)

    private static func start(
        _ configuration: MediaConfiguration, _ environment: ServiceEnvironment
    ) async throws -> RunningService {
        let drawing = WorkerPool(threads: configuration.imageThreads, name: "media-draw")
        var parts = MediaService.Parts(
            threads: WorkerPool(threads: 2, name: "media-disk"),
            decoding: WorkerPool(threads: 1, name: "media-decode", queuedMax: 64))
        parts.time = environment.time
        parts.random = environment.random
        parts.logger = environment.logger
        parts.metrics = environment.metrics
        parts.faults = .fromEnvironment()
        let render = environment.channel(configuration.renderAddresses)
        let providers = try Providers(
            configuration, render: RenderAPI.Client(render), drawing: drawing,
            time: environment.time)
        let service = try await MediaService(configuration, providers: providers, parts: parts)
        let work = Task(executorPreference: environment.loops[0]) { await service.run() }
        return RunningService(
            methods: MediaAPI.methods(MediaHandler(service)),
            readiness: { await readiness(service) },
            drain: {
                service.drain()
                await end(of: work, within: .seconds(20), environment.time)
            },
            stop: {
                work.cancel()
                await work.value
                service.stop()
                render.close()
            })
    }

    /// Waits for the work to end, but not for ever: what is not stored by then is left to the next
    /// process.
    private static func end(
        of work: Task<Void, Never>, within limit: Duration, _ time: any TimeSource
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work.value }
            group.addTask {
                guard (try? await time.sleep(for: limit)) != nil else { return }
                work.cancel()
            }
            await group.next()
            group.cancelAll()
        }
    }

    private static func readiness(_ service: MediaService) async -> [HealthAPI.Reason] {
        let faults = await service.faults()
        return ["store", "disk", "jobs"].map { name in
            let fault = faults.first { $0.name == name }
            return HealthAPI.Reason(
                name: name, isOk: fault == nil, detail: fault?.detail ?? "")
        }
    }
}
