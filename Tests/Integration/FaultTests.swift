import HTTP
import ServiceRuntime
import Testing

/// A set whose image provider refuses one option, always.
@Suite struct `A picture that fails` {
    @Test func `three are delivered and three are charged`() async throws {
        let set = try await RunningSet(environment: [
            "MEDIA_ALLOW_FAULT_PROVIDER": "on", "MEDIA_IMAGE_PROVIDER": "fault:refuse@peaceful",
        ])
        let user = try await PublicAPI.guest(set)
        let session = try await user.start("a boat on a quiet lake")
        let answer = try await user.select(session, "direction", "cinematic")
        #expect(answer.status == 200, "\(answer.text)")
        let images = try #require(answer.json["images"]?.array)
        #expect(
            images.compactMap { $0["optionId"]?.text }
                == ["dramatic", "peaceful", "mysterious", "nostalgic"])
        #expect(images.compactMap { $0["url"]?.text }.count == 3)
        #expect(images[1]["url"] == nil)
        #expect(images[1]["error"]?["code"]?.text != nil)
        #expect(answer.json["creditsConsumed"]?.integer == 3)
        #expect(try await user.credits() == ("93", "0"))

        // The slot stays open: asking for it alone fails again and costs nothing.
        let retry = try await user.command(
            "retry", session, [("dimension", "mood"), ("optionId", "peaceful")])
        #expect(retry.status == 502, "\(retry.text)")
        #expect(retry.code == "IMAGE_GENERATION_FAILED")
        #expect(try await user.credits() == ("93", "0"))
        // Whoever cannot pay for it is told as everywhere.
        let id = try await user.id()
        try await set.take("93", from: id)
        let refused = try await user.post(
            "/api/credits/validate", ["operation": "image.preview", "quantity": 1])
        #expect(refused.status == 402)
        for query in ["", "?dryRun=true"] {
            let poor = try await user.command(
                "retry" + query, session, [("dimension", "mood"), ("optionId", "peaceful")])
            #expect(poor.status == 402, "\(poor.text)")
            #expect(poor.json["details"] == refused.json["details"], "\(poor.text)")
        }
        let given = [
            "grant", id, "93", "--source", "back:\(id)", "--actor", "ann", "--reason", "back",
        ]
        #expect(try await set.command("credits", given).0 == 0)
        // And the others can be chosen.
        let next = try await user.select(session, "mood", "dramatic")
        #expect(next.status == 200, "\(next.text)")
        #expect(try await user.credits() == ("89", "0"))
        #expect(try await set.stop() == .code(0))
    }
}
