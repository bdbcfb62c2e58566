import Foundation
import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

/// The six real processes, called as anybody calls them. `z` comes last: it checks every answer.
@Suite(.serialized) struct `The public API` {
    @Test func `what is quoted is what is charged`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let quote = try await user.post(
            "/api/credits/quote",
            ["items": [["operation": "image.preview", "quantity": 4]]])
        #expect(quote.status == 200, "\(quote.text)")
        #expect(quote.json["total"]?.integer == 4)
        #expect(quote.json["balanceAfter"]?.integer == 96)
        let unknown = try await user.post(
            "/api/credits/quote", ["items": [["operation": "time.travel"]]])
        #expect(unknown.status == 422)
        let tooMuch = try await user.post(
            "/api/credits/validate",
            ["operation": "video.final", "model": "sora-2", "quantity": 2])
        #expect(tooMuch.status == 402, "\(tooMuch.text)")
        #expect(tooMuch.json["details"]?["suggestion"]?["pack"] != nil, "\(tooMuch.text)")
        let packs = try await user.get("/api/credits/packs")
        #expect(packs.json["packs"]?.array?.isEmpty == false)
        #expect(try await user.credits() == ("100", "0"))
        _ = try await user.start("a boat on the sea")
        #expect(try await user.credits() == ("96", "0"))
    }

    @Test func `an intent becomes a video, picture by picture, and the ledger agrees`()
        async throws
    {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        #expect(try await user.credits() == ("100", "0"))

        let started = try await user.post(
            "/api/convergence/start", ["intent": "a fox crossing a frozen lake at dawn"])
        #expect(started.status == 201)
        #expect(started.json["currentDimension"]?.text == "direction")
        #expect(started.json["estimatedCost"]?.integer == 4)
        #expect(started.json["estimatedTotal"]?.integer == 22)
        let session = try #require(started.json["sessionId"]?.text)
        let images = try #require(started.json["images"]?.array)
        #expect(
            images.compactMap { $0["optionId"]?.text }
                == ["cinematic", "social", "artistic", "documentary"])
        for image in images {
            let link = try #require(image["url"]?.text)
            // A link can be put into a page as it is: no header is needed.
            let picture = try await PublicAPI(set: set, token: nil).get(link)
            #expect(picture.status == 200)
            #expect(picture.headers["Content-Type"]?.hasPrefix("image/") == true)
            #expect(picture.body.count > 10_000)
            #expect(image["provider"]?.text == "local")
        }

        var next = started
        for (dimension, option, following) in [
            ("direction", "cinematic", "mood"), ("mood", "dramatic", "framing"),
            ("framing", "wide", "lighting"),
        ] {
            next = try await user.select(session, dimension, option)
            #expect(next.status == 200, "\(next.text)")
            #expect(next.json["currentDimension"]?.text == following)
            #expect(next.json["images"]?.array?.count == 4)
            #expect(next.json["creditsConsumed"]?.integer == 4)
        }
        let prompt = next.json["images"]?[0]?["prompt"]?.text ?? ""
        #expect(
            prompt == "a fox crossing a frozen lake at dawn, cinematic composition, "
                + "film-like quality, high contrast lighting, wide establishing shot, "
                + "warm golden hour sunlight, long shadows")
        let lit = try await user.select(session, "lighting", "golden_hour")
        #expect(lit.json["currentDimension"]?.text == "camera_motion")
        #expect(lit.json["images"]?.array?.isEmpty != false)
        #expect(lit.json["creditsConsumed"]?.integer == 0)

        let camera = try await user.command("camera-motion", session)
        #expect(camera.status == 200, "\(camera.text)")
        #expect(camera.json["fallbackMode"]?.flag == false)
        #expect(camera.json["creditsConsumed"]?.integer == 1)
        let paths = camera.json["cameraPaths"]?.array?.compactMap { $0["id"]?.text } ?? []
        #expect(
            Set(["static", "pan_left", "pan_right", "push_in", "pull_back", "crane_up"])
                .isSubset(of: paths))
        let move = try await user.get(
            "/api/convergence/session/\(session)/camera-motion/push_in/preview?format=mp4")
        #expect(move.status == 200)
        #expect(move.headers["Content-Type"] == "video/mp4")
        #expect(move.body.count > 5_000)
        #expect(Array(move.body.dropFirst(4).prefix(4)) == Array("ftyp".utf8))
        let chosen = try await user.command(
            "camera-motion/select", session, [("cameraMotionId", "push_in")])
        #expect(chosen.status == 200, "\(chosen.text)")

        let subject = try await user.command(
            "subject-motion", session, [("subjectMotion", "  walks slowly ")])
        #expect(subject.status == 200, "\(subject.text)")
        #expect(subject.json["creditsConsumed"]?.integer == 5)
        let video = try await user.get(try #require(subject.json["videoUrl"]?.text))
        #expect(video.headers["Content-Type"] == "video/mp4")

        let final = try await user.command("finalize", session)
        #expect(final.status == 200, "\(final.text)")
        #expect(final.json["totalCreditsConsumed"]?.integer == 22)
        #expect(final.json["cameraMotion"]?.text == "push_in")
        #expect(final.json["subjectMotion"]?.text == "walks slowly")
        #expect(
            final.json["finalPrompt"]?.text
                == "a fox crossing a frozen lake at dawn, cinematic composition, "
                + "film-like quality, high contrast lighting, deep shadows, "
                + "wide establishing shot, environment visible, warm golden hour sunlight, "
                + "long shadows, walks slowly")
        let again = try await user.command("finalize", session)
        #expect(again.json["finalPrompt"] == final.json["finalPrompt"])

        let generation = try await user.post(
            "/api/generations",
            [
                "kind": "final", "sessionId": .text(session), "model": "local-parallax",
                "aspectRatio": "16:9", "metadata": ["source": "test"],
            ])
        #expect(generation.status == 202, "\(generation.text)")
        let id = try #require(generation.json["id"]?.text)
        let made = try await user.finishedGeneration(id)
        #expect(made.json["state"]?.text == "completed", "\(made.text)")

        #expect(try await user.credits() == ("73", "0"))
        let (code, output) = try await set.command("credits", ["verify"])
        #expect(code == 0, "\(output)")
    }

    @Test func `loops, zooms and handheld moves can be seen, chosen and come back as videos`()
        async throws
    {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start("a lighthouse above the sea")
        try await user.chooseEverything(session)
        let camera = try await user.command("camera-motion", session)
        let paths = camera.json["cameraPaths"]?.array ?? []
        #expect(paths.count == 29)
        #expect(paths.allSatisfy { $0["description"]?.text?.isEmpty == false })
        let loop = try #require(paths.first { $0["id"]?.text == "orbit_loop" })
        #expect(loop["isLoop"]?.flag == true && loop["keyFrames"]?.array?.count == 9)
        #expect(loop["category"]?.text == "loop" && loop["duration"]?.integer == 4)

        // Each is a video of its own; from its start to its end a zoom would be as still as static.
        var clips: [[UInt8]] = []
        for move in ["static", "breathe_loop", "orbit_loop", "handheld_drift", "zoom_in"] {
            let clip = try await user.get(
                "/api/convergence/session/\(session)/camera-motion/\(move)/preview?format=mp4")
            #expect(clip.status == 200, "\(move): \(clip.text)")
            #expect(clip.headers["Content-Type"] == "video/mp4", "\(move)")
            clips.append(clip.body)
        }
        #expect(Set(clips).count == clips.count)

        let chosen = try await user.command(
            "camera-motion/select", session, [("cameraMotionId", "orbit_loop")])
        #expect(chosen.status == 200, "\(chosen.text)")
        let subject = try await user.command(
            "subject-motion", session, [("subjectMotion", "the light turns")])
        #expect(subject.status == 200, "\(subject.text)")
        #expect(subject.json["prompt"]?.text?.contains("camera orbits without end") == true)
        let video = try await user.get(try #require(subject.json["videoUrl"]?.text))
        #expect(video.headers["Content-Type"] == "video/mp4")
        #expect(video.body.count > 5_000)
        let final = try await user.command("finalize", session)
        #expect(final.json["cameraMotion"]?.text == "orbit_loop", "\(final.text)")
        let listed = try await user.get("/api/convergence/sessions")
        #expect(listed.json["sessions"]?[0]?["cameraPaths"]?.array?.count == 29)
    }

    @Test func `of two starts at once one wins and the other learns which session is active`()
        async throws
    {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        async let first = user.post("/api/convergence/start", ["intent": "a red car in the desert"])
        async let second = user.post("/api/convergence/start", ["intent": "a boat on the sea"])
        let answers = try await [first, second]
        #expect(answers.map(\.status).sorted() == [201, 409])
        let winner = try #require(answers.first { $0.status == 201 })
        let loser = try #require(answers.first { $0.status == 409 })
        #expect(loser.code == "ACTIVE_SESSION_EXISTS")
        #expect(loser.json["details"]?["sessionId"] == winner.json["sessionId"])
        #expect(try await user.credits() == ("96", "0"))
    }

    @Test func `of two selects at once one is charged`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start()
        async let first = user.select(session, "direction", "cinematic")
        async let second = user.select(session, "direction", "cinematic")
        let answers = try await [first, second]
        #expect(answers.contains { $0.status == 200 })
        #expect(answers.allSatisfy { [200, 409].contains($0.status) })
        #expect(try await user.credits() == ("92", "0"))
    }

    @Test func `the same idempotency key gives the same body and one charge`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start()
        let first = try await user.select(session, "direction", "artistic", key: "pick-1")
        let second = try await user.select(session, "direction", "artistic", key: "pick-1")
        #expect(first.status == 200)
        #expect(second.body == first.body)
        #expect(second.headers["Idempotency-Replayed"] == "true")
        #expect(try await user.credits() == ("92", "0"))
        let reused = try await user.select(session, "direction", "social", key: "pick-1")
        #expect(reused.status == 422)
        #expect(reused.code == "IDEMPOTENCY_KEY_REUSED")
    }

    @Test func `going back and choosing the same again is free`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start()
        let first = try await user.select(session, "direction", "documentary")
        let firstIDs = first.json["images"]?.array?.map { $0["id"] }
        #expect(try await user.credits() == ("92", "0"))
        let back = try await user.command("back", session)
        #expect(back.status == 200, "\(back.text)")
        let again = try await user.select(session, "direction", "documentary")
        #expect(again.json["creditsConsumed"]?.integer == 0)
        #expect(again.json["images"]?.array?.map { $0["id"] } == firstIDs)
        #expect(try await user.credits() == ("92", "0"))
        _ = try await user.command("back", session)
        let other = try await user.select(session, "direction", "social")
        #expect(other.json["creditsConsumed"]?.integer == 4)
        #expect(try await user.credits() == ("88", "0"))
    }

    @Test func `of twenty regenerations at once three at most succeed`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start()
        var succeeded = 0
        // Those that find another one running are told so and come again.
        for _ in 0..<6 {
            let answers = try await withThrowingTaskGroup(of: PublicAPI.Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await user.command(
                            "regenerate", session, [("dimension", "direction")])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { [200, 409, 429].contains($0.status) })
            succeeded += answers.count { $0.status == 200 }
            if succeeded >= 3 { break }
        }
        #expect(succeeded == 3)
        let refused = try await user.command("regenerate", session, [("dimension", "direction")])
        #expect(refused.status == 429)
        #expect(refused.code == "REGENERATION_LIMIT_EXCEEDED")
        #expect(refused.json["details"]?["max"]?.integer == 3)
        #expect(refused.headers["Retry-After"] == nil)
        #expect(try await user.credits() == ("84", "0"))
    }

    @Test func `a final prompt needs every choice and names what is missing`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start()
        let answer = try await user.command("finalize", session)
        #expect(answer.status == 400)
        #expect(answer.code == "INCOMPLETE_SESSION")
        #expect(
            answer.json["details"]?["missingDimensions"]?.array?.compactMap(\.text)
                == ["direction", "mood", "framing", "lighting", "camera_motion"])
    }

    @Test func `another user's session is forbidden and nothing of it is told`() async throws {
        let set = try await SharedSet.shared.running()
        let owner = try await PublicAPI.guest(set)
        let other = try await PublicAPI.guest(set)
        let session = try await owner.start("a lighthouse above the coast")
        let answer = try await other.get("/api/convergence/session/\(session)")
        #expect(answer.status == 403)
        #expect(answer.code == "UNAUTHORIZED")
        #expect(!answer.text.contains("lighthouse"))
        let nobody = PublicAPI(set: set, token: nil)
        #expect(try await nobody.get("/api/convergence/session/\(session)").status == 401)
        #expect(try await owner.get("/api/convergence/session/ses_unknown").status == 404)
    }

    @Test func `bad input is refused with its code and charges nothing`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let cases: [(path: String, body: String, status: Int, code: String)] = [
            ("/api/convergence/start", "{", 400, "MALFORMED_JSON"),
            (
                "/api/convergence/start", "{\"intent\":\"a\",\"intent\":\"b\"}", 400,
                "MALFORMED_JSON"
            ),
            ("/api/convergence/start", "{\"intent\":\"a\"} x", 400, "MALFORMED_JSON"),
            ("/api/convergence/start", "{\"intent\":\"\\ud800\"}", 400, "MALFORMED_JSON"),
            ("/api/convergence/start", "{}", 422, "VALIDATION_FAILED"),
            ("/api/convergence/start", "{\"intent\":7}", 422, "VALIDATION_FAILED"),
            ("/api/convergence/start", "{\"intent\":\"   \"}", 422, "VALIDATION_FAILED"),
            ("/api/convergence/start", "{\"intent\":\"a\",\"x\":1}", 422, "VALIDATION_FAILED"),
            (
                "/api/convergence/start", "{\"intent\":\"a\",\"aspectRatio\":\"5:1\"}", 422,
                "VALIDATION_FAILED"
            ),
            (
                "/api/convergence/start",
                "{\"intent\":\"\(String(repeating: "a", count: 4001))\"}", 422,
                "VALIDATION_FAILED"
            ),
            (
                "/api/convergence/start",
                String(repeating: "[", count: 40) + String(repeating: "]", count: 40), 422,
                "JSON_TOO_DEEP"
            ),
            (
                "/api/convergence/select",
                "{\"sessionId\":\"ses_none\",\"dimension\":\"mood\",\"optionId\":\"dramatic\"}",
                404,
                "SESSION_NOT_FOUND"
            ),
            (
                "/api/generations",
                "{\"kind\":\"final\",\"prompt\":\"a\",\"model\":\"sora-2\",\"aspectRatio\":\"16:9\"}",
                422, "MODEL_UNAVAILABLE"
            ),
        ]
        for item in cases {
            let answer = try await user.send("POST", item.path, body: Array(item.body.utf8))
            #expect(answer.status == item.status, "\(item.body.prefix(60)): \(answer.text)")
            #expect(answer.code == item.code, "\(item.body.prefix(60))")
            #expect(answer.headers["Content-Type"]?.contains("application/problem+json") == true)
        }
        let text = try await user.send(
            "POST", "/api/convergence/start", body: Array("{\"intent\":\"a\"}".utf8),
            headers: ["Content-Type": "text/plain"])
        #expect(text.status == 415)
        let large = try await user.send(
            "POST", "/api/convergence/start", body: [UInt8](repeating: 0x20, count: 300 << 10))
        #expect(large.status == 413)
        #expect(try await user.get("/api/nothing").status == 404)
        #expect(try await user.send("DELETE", "/api/convergence/start").status == 405)
        #expect(try await user.get("/api/convergence/session/%2e%2e").status == 400)
        let badKey = try await user.post(
            "/api/convergence/start", ["intent": "a"], key: String(repeating: "k", count: 300))
        #expect(badKey.code == "IDEMPOTENCY_KEY_INVALID")
        #expect(try await user.credits() == ("100", "0"))
    }

    @Test func `too few credits are refused before anything begins`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        for index in 0..<6 {
            let session = try await user.start("a bicycle in the snow \(index)")
            for dimension in ["direction"] {
                for _ in 0..<3 {
                    _ = try await user.command(
                        "regenerate", session, [("dimension", .text(dimension))])
                }
            }
            _ = try await user.command("abandon", session)
        }
        #expect(try await user.credits() == ("4", "0"))
        let session = try await user.start("a bicycle in the snow, last")
        let refused = try await user.select(session, "direction", "cinematic")
        #expect(refused.status == 402)
        #expect(refused.code == "INSUFFICIENT_CREDITS")
        #expect(refused.json["details"]?["required"]?.integer == 4)
        #expect(refused.json["details"]?["available"]?.integer == 0)
        #expect(refused.json["details"]?["shortBy"]?.integer == 4)
        #expect(try await user.credits() == ("0", "0"))
    }

    @Test func `an operation asked for at once streams its pictures as events`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let answer = try await user.post(
            "/api/convergence/start", ["intent": "a horse on a country road"],
            headers: ["Prefer": "respond-async"])
        #expect(answer.status == 202)
        let operation = try #require(answer.json["operationId"]?.text)
        let text = try await user.events { text in
            text.components(separatedBy: "event: picture").count > 4
        }
        #expect(text.components(separatedBy: "event: picture").count == 5)
        let ids = text.split(separator: "\n").filter { $0.hasPrefix("id:") }
        #expect(Set(ids).count == ids.count, "an event id came twice")
        let done = try await user.get("/api/operations/\(operation)")
        #expect(done.status == 200)
    }

    @Test func `z every answer fits the OpenAPI document`() async throws {
        let set = try await SharedSet.shared.running()
        let nobody = PublicAPI(set: set, token: nil)
        let document = try await nobody.get("/openapi.json")
        #expect(document.status == 200)
        let folder = set.data
        try document.text.write(
            toFile: folder + "/openapi.json", atomically: true, encoding: .utf8)
        let exchanges = Exchanges.all
        #expect(exchanges.count > 100)
        try exchanges.joined(separator: "\n").write(
            toFile: folder + "/answers.jsonl", atomically: true, encoding: .utf8)
        let python = try ChildProcess(
            RunningSet.root.appending(path: ".build/venv/bin/python").path,
            [
                RunningSet.root.appending(path: "Tests/Integration/python/check_answers.py").path,
                folder + "/openapi.json", folder + "/answers.jsonl",
            ])
        var lines: [String] = []
        while let line = python.line() { lines.append(line) }
        #expect(python.waitForExit() == .code(0), "\(lines.joined(separator: "\n"))")
        #expect(try await set.stop() == .code(0))
    }
}
