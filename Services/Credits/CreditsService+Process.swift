internal import RPC
internal import ServiceAPI
package import ServiceProcess
internal import ServiceRuntime

extension CreditsService {
    /// The executable `credits`.
    package static var definition: ServiceDefinition<CreditsConfiguration> {
        ServiceDefinition(
            name: "credits",
            summary:
                "Accounts, the ledger, holds and prices. Every change is on disk when answered.",
            defaultPort: 7102,
            configure: { reader throws(ConfigurationError) in
                try CreditsConfiguration(&reader)
            },
            start: { configuration, environment in
                let service = try await CreditsService.open(
                    configuration, time: environment.time, metrics: environment.metrics,
                    logger: environment.logger)
                return service.running(on: environment.loops[0])
            },
            commands: [CreditsCommands.verify, CreditsCommands.explain] + CreditsAdminCommands.all)
    }

    private func running(on loop: EventLoop) -> RunningService {
        let sweeping = Task(executorPreference: loop) { [self] in await run() }
        return RunningService(
            methods: methods,
            readiness: { [self] in [await storeReason()] },
            drain: { [self] in
                sweeping.cancel()
                await sweeping.value
                endStreams()
            },
            stop: { [self] in close() })
    }

    private func storeReason() async -> HealthAPI.Reason {
        do {
            try await probe()
            return HealthAPI.Reason(name: "store", isOk: true, detail: "")
        } catch {
            return HealthAPI.Reason(
                name: "store", isOk: false, detail: "The store cannot be written.")
        }
    }
}
