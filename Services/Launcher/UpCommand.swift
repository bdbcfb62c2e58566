internal import Glibc
internal import ServiceRuntime

/// `convergence up`: the whole set until Ctrl-C.
struct UpCommand {
    let options: LauncherOptions

    func run() -> Never {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let loop = EventLoop(name: "convergence")
        let set = ServiceSet(
            programs: programDirectory(), data: options.data ?? "data", gateway: options.gateway,
            usesFreePorts: options.usesFreePorts, loop: loop)
        let asJSON = options.asJSON
        Task(executorPreference: loop) {
            do {
                try await set.start()
            } catch {
                Terminal.note("convergence: \(error)")
                await set.stop()
                exit(1)
            }
            if asJSON {
                Terminal.print(await set.description)
            } else {
                Terminal.print("Convergence is ready at \(await set.url)")
                Terminal.note("Logs are in \(options.data ?? "data")/logs. Ctrl-C ends it.")
            }
            let failure = await set.failed()
            Terminal.note("convergence: \(failure)")
            await set.stop()
            exit(1)
        }

        var number: Int32 = 0
        sigwait(&signals, &number)
        Task(executorPreference: loop) {
            await set.stop()
            exit(0)
        }
        sigwait(&signals, &number)
        exit(130)
    }
}
