import ServiceRuntime
import Testing

@Suite struct `Settings` {
    private func reader(
        _ environment: [String: String], _ arguments: [String] = []
    ) throws -> ConfigurationReader {
        try ConfigurationReader(
            prefix: "CREDITS", environment: environment, arguments: arguments)
    }

    @Test func `a flag wins over the environment, which wins over the default`() throws {
        let environment = ["CREDITS_BATCH": "5"]
        var first = try reader(environment, ["--batch", "6"])
        #expect(first.integer("BATCH", default: 4, in: 1...9, help: "") == 6)
        var second = try reader(environment)
        #expect(second.integer("BATCH", default: 4, in: 1...9, help: "") == 5)
        var third = try reader([:])
        #expect(third.integer("BATCH", default: 4, in: 1...9, help: "") == 4)
        try third.finish()
    }

    @Test(arguments: ["0", "10", "-1", "1.5", "many", "99999999999999999999"])
    func `a number out of range stops the start and names the range`(_ text: String) throws {
        var reader = try reader(["CREDITS_BATCH": text])
        _ = reader.integer("BATCH", default: 4, in: 1...9, help: "")
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(
            error?.description
                == "CREDITS_BATCH is \"\(text)\"; expected a whole number 1...9")
    }

    @Test func `an unknown variable of the prefix is refused with the nearest name`() throws {
        var reader = try reader(["CREDITS_STARTER_GRAND": "1", "OTHER_X": "2"])
        _ = reader.integer("STARTER_GRANT", default: 100, in: 0...1000, help: "")
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(
            error?.description
                == "CREDITS_STARTER_GRAND is not a setting; did you mean CREDITS_STARTER_GRANT?")
    }

    @Test func `an unknown flag is refused`() throws {
        let reader = try reader([:], ["--batches=3"])
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(error?.description == "--batches is not a flag; try --help")
    }

    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("15s", .seconds(15)), ("5m", .seconds(300)),
        ("24h", .seconds(86_400)),
    ])
    func `times have units`(_ text: String, _ expected: Duration) {
        #expect(ConfigurationReader.parseDuration(text) == expected)
    }

    @Test(arguments: ["", "5", "s", "1.5s", "-1s", "5 s", "5d", "99999999999999999999s"])
    func `what is no time is refused`(_ text: String) {
        #expect(ConfigurationReader.parseDuration(text) == nil)
    }

    @Test func `secrets are not shown`() throws {
        var reader = try reader(["CREDITS_KEY": "hunter2"])
        #expect(reader.optionalText("KEY", help: "", isSecret: true) == "hunter2")
        #expect(reader.settings.map(\.value) == ["***"])
    }

    @Test(
        arguments: [
            ("127.0.0.1:80", "127.0.0.1", 80, true), ("credits:7102", "credits", 7102, false),
            ("[::1]:1", "::1", 1, true),
        ] as [(String, String, UInt16, Bool)])
    func `addresses are host and port`(
        _ text: String, _ host: String, _ port: UInt16, _ isLoopback: Bool
    ) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(arguments: ["", ":80", "host", "host:", "host:70000", "::1:80", "a b:1"])
    func `what is no address is refused`(_ text: String) {
        #expect(SocketAddress(text) == nil)
    }
}
