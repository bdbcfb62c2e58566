package import ServiceProcess
internal import ServiceRuntime

extension PromptService {
    /// The executable `prompt`.
    package static var definition: ServiceDefinition<PromptConfiguration> {
        ServiceDefinition(
            name: "prompt",
            summary: "The fragment library, prompt composition and every recipe built.",
            defaultPort: 7103,
            configure: { PromptConfiguration(&$0) },
            start: { configuration, environment in
                let service = try await PromptService(
                    store: configuration.store,
                    textCharactersMax: configuration.textCharactersMax, time: environment.time)
                return RunningService(methods: service.methods, stop: { service.stop() })
            })
    }
}
