import Foundation
import HTTP
import ServiceRuntime
import Testing

/// What an operator of credits does, with the real subcommands against the real service.
@Suite struct `Commands of credits` {
    @Test func `a grant and a correction by two people are explained line by line`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let id = try await user.id()
        let grant = [
            "grant", id, "50", "--source", "support:\(id)", "--actor", "ann", "--reason",
            "=1+1, a lost render",
        ]
        #expect(try await set.command("credits", grant) == (0, "given; \(id) has 150"))
        #expect(try await set.command("credits", grant) == (0, "given before; \(id) has 150"))
        let proposal = try await set.propose("-20.5", id)
        let alone = try await set.command("credits", ["approve", proposal, "--actor", "ann"])
        #expect(alone.0 != 0)
        #expect(try await user.credits() == ("150", "0"))
        let waiting = try await set.command("credits", ["corrections", "proposed"])
        #expect(waiting.1.contains(proposal))
        let applied = try await set.command("credits", ["approve", proposal, "--actor", "ben"])
        #expect(applied.0 == 0 && applied.1.contains("applied"), "\(applied.1)")
        #expect(try await user.credits() == ("129.5", "0"))
        let other = try await set.propose("-1", id)
        let rejected = try await set.command("credits", ["reject", other, "--actor", "ben"])
        #expect(rejected.0 == 0 && rejected.1.contains("rejected"), "\(rejected.1)")
        let late = try await set.command("credits", ["approve", other, "--actor", "ben"])
        #expect(late.0 != 0)
        let session = try await user.start()
        #expect(try await user.credits() == ("125.5", "0"))

        let lines = try await set.command("credits", ["explain", id]).1.split(separator: "\n")
        func line(_ kind: String, _ parts: String...) -> Bool {
            lines.contains { line in
                line.contains("  \(kind)  ") && parts.allSatisfy { line.contains($0) }
            }
        }
        #expect(line("grant", "amount 50", "actor ann", "=1+1"), "\(lines)")
        #expect(line("correction", "amount -20.5", "actor ben"), "\(lines)")
        #expect(
            line(
                "capture", "operation image.preview", "session \(session)", "job ", "asset ",
                "request ", "price v"), "\(lines)")
        #expect(lines.count { $0.contains("  grant  ") } == 2)

        // A sheet must not become a formula.
        let sheet = try await user.get("/api/credits/history/export").text
        #expect(sheet.contains("'=1+1"), "\(sheet)")
        #expect(!sheet.contains(",=1+1") && !sheet.contains(",\"=1+1"))
    }

    @Test func `an export of several pages still adds up`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let id = try await user.id()
        // The largest page has 200 rows.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<6 {
                group.addTask {
                    for index in 0..<36 {
                        let given = try await set.command(
                            "credits",
                            [
                                "grant", id, "0.0001", "--source", "\(id):\(lane):\(index)",
                                "--actor", "ann", "--reason", "many",
                            ])
                        #expect(given.0 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await user.credits().balance == "100.0216")
        let file = try await user.get("/api/credits/history/export?format=json")
        let entries = try #require(file.json["entries"]?.array)
        #expect(entries.count == 217)
        #expect(
            Set(entries.compactMap { $0["sequence"]?.integer }).count == 217, "each row once")
        let sheet = try await user.get("/api/credits/history/export").text
        let amounts = sheet.components(separatedBy: "\r\n").dropFirst().dropLast().map {
            Decimal(string: $0.components(separatedBy: ",")[3]) ?? .nan
        }
        #expect(amounts.reduce(0, +) == Decimal(string: "100.0216"))
    }

    @Test func `nothing of it is on the public port`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let document = try await user.get("/openapi.json")
        let paths = try #require(document.json["paths"]?.members).map(\.name)
        #expect(paths.contains("/api/credits/history"))
        for word in ["grant", "correct", "approve", "reject", "explain", "verify", "admin"] {
            #expect(!paths.contains { $0.contains(word) }, "\(word)")
            for path in ["/api/credits/\(word)", "/api/admin/\(word)"] {
                #expect(try await user.post(path, .object([])).status == 404, "\(path)")
            }
        }
    }

    @Test func `a damaged copy of the store is found without a service`() async throws {
        let set = try await RunningSet()
        let user = try await PublicAPI.guest(set)
        _ = try await user.start()
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "convergence-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let copy = folder.appending(path: "credits.db").path
        let python = try ChildProcess(
            RunningSet.root.appending(path: ".build/venv/bin/python").path,
            [
                RunningSet.root.appending(path: "Tests/Integration/python/damage.py").path,
                set.data + "/credits/credits.db", copy, copy + ".damaged",
            ])
        #expect(python.waitForExit() == .code(0))
        let id = try await user.id()
        let online = try await set.command("credits", ["explain", id])
        let offline = try await set.command(
            "credits", ["explain", id, "--store", "sqlite:\(copy)"])
        #expect(offline.0 == 0 && offline.1 == online.1)
        let sound = try await set.command("credits", ["verify", "--store", "sqlite:\(copy)"])
        #expect(sound.0 == 0 && sound.1.contains("sound:"), "\(sound.1)")
        let damaged = try await set.command(
            "credits", ["verify", "--store", "sqlite:\(copy).damaged"])
        #expect(damaged.0 == 1 && damaged.1.contains("UNSOUND"), "\(damaged.1)")
        #expect(damaged.1.contains("I13"), "\(damaged.1)")
        try FileManager.default.removeItem(at: folder)
        _ = try await set.stop()
    }
}

extension RunningSet {
    /// Proposes a correction as one person; its id.
    func propose(_ credits: String, _ user: String) async throws -> String {
        let proposed = try await command(
            "credits",
            [
                "correct", user, credits, "--key", "ticket:\(user):\(credits)", "--actor", "ann",
                "--reason", "agreed with the user",
            ])
        #expect(proposed.0 == 0, "\(proposed.1)")
        return String(try #require(proposed.1.split(separator: " ").first))
    }

    /// Takes so many credits of a user away, as two people may.
    func take(_ credits: String, from user: String) async throws {
        let proposal = try await propose("-\(credits)", user)
        let applied = try await command("credits", ["approve", proposal, "--actor", "ben"])
        #expect(applied.0 == 0, "\(applied.1)")
    }
}

extension PublicAPI {
    /// Who the caller is.
    func id() async throws -> String {
        try #require(try await get("/api/auth/me").json["user"]?["id"]?.text)
    }
}
