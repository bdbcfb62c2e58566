internal import RPC
internal import ServiceAPI
package import ServiceProcess
internal import ServiceRuntime
internal import Wire

/// What an operator can do from a shell: over RPC with the running service, or on the store itself
/// when the service does not run.
package enum MediaCommands {
    package static let all = [
        ServiceCommand(
            name: "jobs",
            usage: "jobs list|replay|cancel ...  (see `media jobs help`)", run: jobs),
        ServiceCommand(
            name: "verify",
            usage: "verify [--address HOST:PORT]  compares every asset with its file",
            run: verify),
    ]

    private static let help = """
        media jobs list [--address HOST:PORT]          counts of the running service
        media jobs list --store sqlite:PATH [PHASE]    the newest jobs of a phase (dead) on the
                                                       store of a service that does not run
        media jobs show ID ...                         the named jobs
        media jobs replay ID REFERENCE                 a new job from a failed one
        media jobs cancel ID ...                       cancels what has not ended
        """

    private static let options = CallOptions(timeout: .seconds(10))

    private static func jobs(
        _ arguments: [String], _ environment: CommandEnvironment
    ) async throws -> Int32 {
        let client = MediaAPI.Client(environment.channel())
        var rest = arguments.dropFirst()
        switch arguments.first {
        case "list":
            if rest.first == "--store" {
                rest = rest.dropFirst()
                guard let url = rest.popFirst() else { break }
                return try await list(url, rest.first ?? "dead", environment)
            }
            guard rest.isEmpty else { break }
            let counts = try await client.countJobs(MediaAPI.CountJobsRequest(), options)
            environment.print(
                "{\"queued\":\(counts.queued),\"running\":\(counts.running),"
                    + "\"dead\":\(counts.dead),\"oldestDueUs\":\(counts.oldestDueUs)}")
            return 0
        case "show" where !rest.isEmpty:
            let request = MediaAPI.GetJobsRequest(ids: Array(rest))
            for job in try await client.getJobs(request, options).jobs {
                environment.print(line(job))
            }
            return 0
        case "replay" where rest.count == 2:
            let parts = Array(rest)
            let request = MediaAPI.ReplayJobRequest(id: parts[0], clientReference: parts[1])
            environment.print(line(try await client.replayJob(request, options)))
            return 0
        case "cancel" where !rest.isEmpty:
            let request = MediaAPI.GetJobsRequest(ids: Array(rest))
            for job in try await client.cancelJobs(request, options).jobs {
                environment.print(line(job))
            }
            return 0
        default: break
        }
        environment.print(help)
        return arguments.first == "help" ? 0 : 2
    }

    private static func line(_ job: MediaAPI.Job) -> String {
        "{\"id\":\(jsonText(job.id)),\"reference\":\(jsonText(job.clientReference)),"
            + "\"state\":\(jsonText("\(job.state)")),\"attempts\":\(job.attempts),"
            + "\"asset\":\(jsonText(job.asset?.id ?? "")),"
            + "\"error\":\(jsonText(job.error?.code ?? ""))}"
    }

    /// Reads the store under the lock that the service would hold: refused while it runs.
    private static func list(
        _ url: String, _ phase: String, _ environment: CommandEnvironment
    ) async throws -> Int32 {
        guard let phase = JobPhase(rawValue: phase) else {
            let names = JobPhase.allCases.map(\.rawValue).joined(separator: ", ")
            environment.print("\(phase) is no phase; known: \(names)")
            return 2
        }
        let store = try await MediaStore.open(url, time: SystemTime())
        defer { store.close() }
        for job in try await store.jobs(in: phase, limit: 1000) {
            environment.print(
                "{\"id\":\(jsonText(job.id)),\"reference\":\(jsonText(job.clientReference)),"
                    + "\"phase\":\(jsonText(phase.rawValue)),\"claims\":\(job.machine.claims),"
                    + "\"error\":\(jsonText(job.machine.error?.code ?? ""))}")
        }
        return 0
    }

    private static func verify(
        _ arguments: [String], _ environment: CommandEnvironment
    ) async throws -> Int32 {
        guard arguments.isEmpty else {
            environment.print("media verify [--address HOST:PORT]")
            return 2
        }
        let client = MediaAPI.Client(environment.channel())
        let report = try await client.verifyAssets(
            MediaAPI.VerifyAssetsRequest(), CallOptions(timeout: .seconds(3600)))
        for violation in report.violations { environment.print(violation) }
        environment.print("\(report.assets) assets, \(report.violations.count) violations")
        return report.violations.isEmpty ? 0 : 1
    }
}
