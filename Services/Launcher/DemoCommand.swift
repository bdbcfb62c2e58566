internal import Glibc
internal import HTTP
internal import ServiceRuntime

/// `convergence demo`: one intent through the whole flow, by the public API alone.
struct DemoCommand {
    let options: LauncherOptions

    func run() -> Never {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let loop = EventLoop(name: "demo")
        let set =
            options.url == nil
            ? ServiceSet(
                programs: programDirectory(), data: options.data ?? "\(options.output)/data",
                gateway: options.gateway, usesFreePorts: true, loop: loop) : nil
        Task(executorPreference: loop) {
            var code: Int32 = 0
            do {
                if let set {
                    Terminal.note("Starting the services …")
                    try await set.start()
                }
                let url: String
                if let given = options.url {
                    url = given
                } else {
                    url = await set?.url ?? ""
                }
                let report = try await Demo(
                    intent: options.words.joined(separator: " "), output: options.output,
                    subjectMotion: options.subjectMotion, url: url, loop: loop
                ).run()
                Terminal.print(options.asJSON ? report.json : report.text)
            } catch {
                Terminal.note("convergence: \(error)")
                code = 1
            }
            await set?.stop()
            exit(code)
        }

        var number: Int32 = 0
        sigwait(&signals, &number)
        Terminal.note("Interrupted; ending the services. What was made so far is kept.")
        Task(executorPreference: loop) {
            await set?.stop()
            exit(130)
        }
        sigwait(&signals, &number)
        exit(130)
    }
}
