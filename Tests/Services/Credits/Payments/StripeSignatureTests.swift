import CreditsService
import ServiceRuntime
import Testing
import TestSupport

@Suite struct StripeSignatureTests {
    private static let secret = "whsec_first_0123456789abcdef"
    private static let other = "whsec_second_0123456789abcdef"
    private static let now: Int64 = 1_767_225_600
    private static let body = Array(#"{"id":"evt_1","type":"invoice.paid"}"#.utf8)

    private func fault(
        _ header: String, _ body: [UInt8] = body, secrets: [String] = [secret],
        now: Int64 = Self.now
    ) -> StripeSignature.Fault? {
        do throws(StripeSignature.Fault) {
            try StripeSignature.verify(
                header: header, body: body, secrets: secrets, nowSeconds: now)
            return nil
        } catch {
            return error
        }
    }

    private func signature(_ secret: String = secret, at seconds: Int64 = now) -> String {
        let header = StripeFake.signature(of: Self.body, seconds: seconds, secret: secret)
        return String(header.split(separator: "=")[2])
    }

    @Test func `a good signature is accepted, beside wrong ones and by any active secret`() {
        let good = signature()
        let wrong = String(repeating: "0", count: 64)
        let t = "t=\(Self.now)"
        for header in [
            "\(t),v1=\(good)", "\(t),v1=\(wrong),v1=\(good)", "\(t),v1=\(good),v0=\(wrong)",
            "v1=\(good),\(t)", "\(t),v1=\(signature(Self.other)),v1=\(good)",
        ] {
            #expect(fault(header) == nil, "\(header)")
        }
        #expect(fault("\(t),v1=\(good)", secrets: [Self.other, Self.secret]) == nil)
        #expect(fault("\(t),v1=\(signature(Self.other))", secrets: [Self.secret]) == .signature)
    }

    @Test func `what nobody signed is refused`() {
        let good = signature()
        let t = "t=\(Self.now)"
        for header in [
            "", "v1=\(good)", t, "\(t),v0=\(good)", "\(t),v2=\(good)", "\(t),v1=",
            "\(t),v1=\(good.uppercased())", "\(t),v1=\(good.dropLast())", "\(t),v1=\(good)0",
            "t=+\(Self.now),v1=\(good)", "t=,v1=\(good)", "t=1e9,v1=\(good)",
            "\(t),\(t),v1=\(good)", "\(t), v1=\(good)", "\(t),v1",
            "t=\(Self.now + 1),v1=\(good)", "t=99999999999999999999,v1=\(good)",
            "\(t),v1=\(good)" + String(repeating: ",v1=0", count: 16),
            String(repeating: "x", count: 5_000),
        ] {
            #expect(fault(header) == .signature, "\(header.prefix(100))")
        }
        #expect(fault("\(t),v1=\(good)", secrets: []) == .signature)
        #expect(fault("\(t),v1=\(good)", [], secrets: [Self.secret]) == .signature)
    }

    @Test func `one changed byte at any position is refused`() {
        let header = "t=\(Self.now),v1=\(signature())"
        for index in Self.body.indices {
            for bit in [UInt8(1), 0x20, 0x80] {
                var body = Self.body
                body[index] ^= bit
                #expect(fault(header, body) == .signature, "byte \(index)")
            }
        }
        let bytes = Array(header.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            let text = String(decoding: changed, as: UTF8.self)
            #expect(fault(text) != nil, "\(text)")
        }
    }

    @Test func `a signature is good for five minutes, and a minute ahead`() {
        let cases: [(Int64, StripeSignature.Fault?)] = [
            (0, nil), (-300, nil), (-301, .stale), (60, nil), (61, .stale), (-100_000, .stale),
            (100_000, .stale),
        ]
        for (offset, expected) in cases {
            let seconds = Self.now + offset
            let header = "t=\(seconds),v1=\(signature(at: seconds))"
            #expect(fault(header) == expected, "\(offset)")
        }
    }
}
