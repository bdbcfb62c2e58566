internal import RPC
internal import ServiceAPI
package import ServiceProcess
internal import ServiceRuntime

extension SessionService {
    /// The executable `session`.
    package static var definition: ServiceDefinition<SessionConfiguration> {
        ServiceDefinition(
            name: "session",
            summary: "Convergence sessions, generations and the journal of every command.",
            defaultPort: 7101,
            configure: { SessionConfiguration(&$0) },
            start: { configuration, environment in
                let service = try await SessionService.open(
                    configuration,
                    credits: environment.channel(configuration.creditsAddresses),
                    prompt: environment.channel(configuration.promptAddresses),
                    media: environment.channel(configuration.mediaAddresses),
                    time: environment.time, random: environment.random,
                    metrics: environment.metrics, logger: environment.logger)
                return service.running(on: environment.loops[0])
            },
            commands: [verify])
    }

    private func running(on loop: EventLoop) -> RunningService {
        let working = Task(executorPreference: loop) { await self.run() }
        return RunningService(
            methods: methods,
            readiness: { [self] in [await storeReason()] },
            drain: { [self] in
                // What is at work is in the journal: the next process goes on with it.
                working.cancel()
                await working.value
                endWaits()
            },
            stop: { [self] in close() })
    }

    private func storeReason() async -> HealthAPI.Reason {
        do {
            try await probe()
            return HealthAPI.Reason(name: "store", isOk: true)
        } catch {
            return HealthAPI.Reason(
                name: "store", isOk: false, detail: "The store cannot be used.")
        }
    }

    private static let verify = ServiceCommand(
        name: "verify",
        usage: "verify [--address HOST:PORT]  check journal and sessions; exit 0 when sound"
    ) { _, environment in
        let reply = try await SessionAPI.Client(environment.channel())
            .verify(SessionAPI.VerifyRequest(), CallOptions(timeout: .seconds(600)))
        for violation in reply.violations { environment.print(violation) }
        environment.print(
            "\(reply.violations.isEmpty ? "sound" : "UNSOUND"): "
                + "\(reply.activeSessions) active sessions, "
                + "\(reply.runningOperations) operations at work")
        return reply.violations.isEmpty ? 0 : 1
    }
}
