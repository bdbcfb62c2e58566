package import ServiceAPI
package import ServiceRuntime

extension Providers {
    /// The providers that the settings name.
    /// - Throws: `ConfigurationError` for a name that is not known.
    package init(
        _ configuration: MediaConfiguration, render: RenderAPI.Client, drawing: WorkerPool,
        time: any TimeSource
    ) throws(ConfigurationError) {
        let local = LocalImageProvider(threads: drawing)
        var image: [any ImageProvider] = []
        for name in configuration.imageProviders.split(separator: ",") {
            if name == "local" {
                image.append(local)
            } else if name.hasPrefix("fault:") {
                guard configuration.isFaultProviderAllowed else {
                    throw ConfigurationError(
                        "MEDIA_IMAGE_PROVIDER names fault:, which is for tests; "
                            + "it needs MEDIA_ALLOW_FAULT_PROVIDER=on")
                }
                let rules = String(name.dropFirst("fault:".count))
                guard let fault = FaultImageProvider(rules: rules, other: local, time: time) else {
                    throw ConfigurationError(
                        "MEDIA_IMAGE_PROVIDER has rules that make no sense: \(rules)")
                }
                image.append(fault)
            } else {
                throw Self.unknown("MEDIA_IMAGE_PROVIDER", name)
            }
        }
        for (variable, list) in [
            ("MEDIA_VIDEO_PROVIDER", configuration.videoProviders),
            ("MEDIA_DEPTH_PROVIDER", configuration.depthProviders),
        ] {
            for name in list.split(separator: ",") where name != "local" {
                throw Self.unknown(variable, name)
            }
        }
        guard !image.isEmpty, !configuration.videoProviders.isEmpty,
            !configuration.depthProviders.isEmpty
        else { throw ConfigurationError("each step needs at least one provider") }
        self.init(
            image: image,
            video: [
                LocalVideoProvider(
                    client: render, concurrency: configuration.videoConcurrency,
                    timeout: configuration.renderTimeout)
            ],
            depth: [
                LocalDepthProvider(
                    client: render, concurrency: configuration.videoConcurrency,
                    timeout: configuration.renderTimeout)
            ])
    }

    private static func unknown(_ variable: String, _ name: Substring) -> ConfigurationError {
        ConfigurationError("\(variable) names \"\(name)\"; known: local")
    }
}
