/// The W3C Trace Context of one request: which trace it belongs to and the span above it.
///
/// Source: W3C Recommendation "Trace Context", §3.2.
package struct TraceContext: Hashable, Sendable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    package let spanID: String
    package let isSampled: Bool

    /// A new trace.
    package init(random: RandomSource) {
        traceID = hexadecimal(random.bytes(16), nonZero: true)
        spanID = hexadecimal(random.bytes(8), nonZero: true)
        isSampled = false
    }

    /// Reads a `traceparent`; nil when it is malformed or of the forbidden version ff.
    package init?(traceparent: String) {
        let parts = traceparent.utf8.split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].count == 2, parts[1].count == 32, parts[2].count == 16,
            parts[3].count == 2, parts[0].elementsEqual("00".utf8) ? parts.count == 4 : true,
            !parts[0].elementsEqual("ff".utf8),
            parts[0...3].allSatisfy({ $0.allSatisfy(isHexadecimalDigit) }),
            parts[1].contains(where: { $0 != UInt8(ascii: "0") }),
            parts[2].contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        traceID = String(Substring(parts[1]))
        spanID = String(Substring(parts[2]))
        isSampled = (parts[3].last.map { $0 & 1 } ?? 0) == 1
    }

    private init(traceID: String, spanID: String, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// The same trace with a span of its own.
    package func child(random: RandomSource) -> TraceContext {
        TraceContext(
            traceID: traceID, spanID: hexadecimal(random.bytes(8), nonZero: true),
            isSampled: isSampled)
    }

    package var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }
}

private func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
}

private func hexadecimal(_ bytes: [UInt8], nonZero: Bool) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bytes = bytes
    if nonZero, bytes.allSatisfy({ $0 == 0 }) { bytes[bytes.count - 1] = 1 }
    return String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
