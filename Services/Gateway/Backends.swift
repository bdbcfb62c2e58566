package import RPC
package import ServiceAPI
internal import ServiceRuntime

/// The services behind the gateway.
package struct Backends: Sendable {
    package let session: SessionAPI.Client
    package let credits: CreditsAPI.Client
    /// Served by the credits process.
    package let payments: PaymentsAPI.Client
    package let prompt: PromptAPI.Client
    package let media: MediaAPI.Client
    /// The health of each service, by its name, in the order of the page.
    package let health: [(name: String, client: HealthAPI.Client)]

    package init(
        session: Channel, credits: Channel, prompt: Channel, media: Channel, render: Channel
    ) {
        self.session = SessionAPI.Client(session)
        self.credits = CreditsAPI.Client(credits)
        payments = PaymentsAPI.Client(credits)
        self.prompt = PromptAPI.Client(prompt)
        self.media = MediaAPI.Client(media)
        health = [
            ("session", HealthAPI.Client(session)), ("credits", HealthAPI.Client(credits)),
            ("prompt", HealthAPI.Client(prompt)), ("media", HealthAPI.Client(media)),
            ("render", HealthAPI.Client(render)),
        ]
    }
}
