import HTTP
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"a":[1,-2.5e3,true,false,null,"x\n\"é"],"b":{}}"#, #""""#, "0", "[]",
        #"{"€":"\ud83e\udd8a"}"#,
    ])
    func `what is read is written back with the same meaning`(_ text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(try JSONValue(parsing: value.bytes) == value)
    }

    @Test func `numbers keep their digits`() throws {
        let value = try JSONValue(parsing: Array("[0.10, 12345678901234567890, 1E400]".utf8))
        #expect(value.bytes == Array("[0.10,12345678901234567890,1E400]".utf8))
    }

    static let malformed: [[UInt8]] = [
        [], Array("{".utf8), Array("[1,]".utf8), Array("{\"a\":1,}".utf8), Array("{'a':1}".utf8),
        Array("01".utf8), Array("1.".utf8), Array("+1".utf8), Array(".5".utf8), Array("NaN".utf8),
        Array("tru".utf8), Array("{} {}".utf8), Array("\"a".utf8), Array("\"\\x\"".utf8),
        Array("\"\\ud800\"".utf8), Array("\"\\udc00\"".utf8), Array("\"\\ud800\\u0041\"".utf8),
        Array("{\"a\":1,\"a\":2}".utf8), Array("{\"a\":1,\"\\u0061\":2}".utf8),
        [0xEF, 0xBB, 0xBF] + Array("{}".utf8), [0x22, 0xC3, 0x28, 0x22], [0x22, 0xC0, 0x80, 0x22],
        [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0x5C, 0x22, 0xFF, 0x22], [0x22, 0x01, 0x22],
        Array("1 2".utf8), Array("nul".utf8),
    ]

    @Test(arguments: malformed)
    func `a text that is not strict JSON is malformed`(_ bytes: [UInt8]) {
        do {
            _ = try JSONValue(parsing: bytes)
            Issue.record("accepted \(String(decoding: bytes, as: UTF8.self))")
        } catch {
            guard case .malformed = error else {
                Issue.record("unexpected \(error)")
                return
            }
        }
    }

    @Test func `the thirty-third level is too deep`() throws {
        let allowed = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSONValue(parsing: Array(allowed.utf8))
        #expect(throws: JSONFailure.tooDeep(depthMax: 32)) {
            try JSONValue(parsing: Array("[\(allowed)]".utf8))
        }
        #expect(throws: JSONFailure.tooDeep(depthMax: 32)) {
            try JSONValue(parsing: Array(String(repeating: "[", count: 1_000_000).utf8))
        }
    }

    @Test func `query values and percent codes are decoded strictly`() {
        let request = HTTPRequest(method: "GET", path: "/", query: "a=1%202+3&b&c=%zz&d=%00")
        #expect(request.queryValue("a") == "1 2 3")
        #expect(request.queryValue("b") == "")
        #expect(request.queryValue("c") == nil)
        #expect(request.queryValue("d") == nil)
        #expect(request.queryValue("e") == nil)
        #expect(PercentCoding.encode("a b/ü") == "a%20b%2F%C3%BC")
    }
}
