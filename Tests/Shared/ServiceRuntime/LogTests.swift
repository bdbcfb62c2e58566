import ServiceRuntime
import Testing

@Suite struct `Logs and metrics` {
    @Test func `a line is one JSON object that no value can forge`() {
        let lines = Lock<[String]>([])
        let logger = Logger(
            service: "credits", isHuman: false, time: VirtualTime(),
            write: { line in lines.withLock { $0.append(line) } })
        logger.info(
            "hold.expired", "a \"quoted\"\nline\u{1B}",
            ["user_id": "u\",\"level\":\"error", "count": 3, "ok": true, "share": 0.5])
        #expect(
            lines.withLock { $0 } == [
                "{\"ts\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"service\":\"credits\","
                    + "\"event\":\"hold.expired\",\"msg\":\"a \\\"quoted\\\"\\nline\\u001b\","
                    + "\"count\":3,\"ok\":true,\"share\":0.5,"
                    + "\"user_id\":\"u\\\",\\\"level\\\":\\\"error\"}"
            ])
    }

    @Test func `lines under the level are not written`() {
        let count = Lock(0)
        let logger = Logger(
            service: "x", level: .warning, isHuman: false,
            write: { _ in count.withLock { $0 += 1 } })
        logger.debug("a")
        logger.info("b")
        logger.warning("c")
        logger.error("d")
        #expect(count.withLock { $0 } == 2)
    }

    @Test func `metrics are Prometheus text`() {
        let metrics = Metrics()
        let counter = metrics.counter(
            "credits_holds_total", help: "Holds made.", labels: ["outcome": "ok"])
        counter.increment(by: 2)
        metrics.counter("credits_holds_total", help: "Holds made.", labels: ["outcome": "ok"])
            .increment()
        metrics.gauge("credits_open", help: "Open holds.").set(4)
        let histogram = metrics.histogram("call_seconds", help: "Time.", buckets: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        #expect(
            metrics.text() == """
                # HELP call_seconds Time.
                # TYPE call_seconds histogram
                call_seconds_bucket{le="0.1"} 2
                call_seconds_bucket{le="1.0"} 3
                call_seconds_bucket{le="+Inf"} 4
                call_seconds_sum 7.65
                call_seconds_count 4
                # HELP credits_holds_total Holds made.
                # TYPE credits_holds_total counter
                credits_holds_total{outcome="ok"} 3
                # HELP credits_open Open holds.
                # TYPE credits_open gauge
                credits_open 4.0

                """)
    }

    @Test(arguments: [
        "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
    ])
    func `a malformed traceparent is not taken over`(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `a traceparent survives reading and writing`() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(TraceContext(traceparent: text)?.traceparent == text)
        #expect(
            TraceContext(traceparent: "00-\(text.dropFirst(3).dropLast(2))00")?.isSampled == false)
    }
}
