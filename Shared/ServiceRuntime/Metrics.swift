/// The counters, gauges and histograms of one process, in Prometheus' text format.
///
/// Register at start and keep the handle: registering takes a lock and a dictionary look-up, using
/// a handle only its own lock. Labels hold small closed sets (method, outcome), never ids.
package final class Metrics: Sendable {
    private struct Family {
        let kind: String
        let help: String
        var series: [(labels: String, instrument: any Instrument)] = []
    }

    private let families = Lock<[String: Family]>([:])

    package init() {}

    package func counter(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:]
    ) -> Counter {
        register(name, kind: "counter", help: help, labels: labels) { Counter() }
    }

    package func gauge(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:]
    ) -> Gauge {
        register(name, kind: "gauge", help: help, labels: labels) { Gauge() }
    }

    /// - Parameter buckets: Upper bounds in the unit of the name, rising; +Inf is added.
    package func histogram(
        _ name: String, help: String, buckets: [Double] = Histogram.secondsBuckets,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        register(name, kind: "histogram", help: help, labels: labels) { Histogram(buckets) }
    }

    /// Everything registered, families by name.
    package func text() -> String {
        let families = self.families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
            for (labels, instrument) in family.series {
                text += instrument.text(name: name, labels: labels)
            }
        }
        return text
    }

    private func register<I: Instrument>(
        _ name: String, kind: String, help: String, labels: KeyValuePairs<String, String>,
        make: () -> I
    ) -> I {
        let rendered = labels.map { "\($0)=\(jsonText($1))" }.joined(separator: ",")
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind, help: help)
            precondition(family.kind == kind, "\(name) is registered as a \(family.kind)")
            if let known = family.series.first(where: { $0.labels == rendered })?.instrument as? I {
                return known
            }
            let instrument = make()
            family.series.append((rendered, instrument))
            families[name] = family
            return instrument
        }
    }
}

package protocol Instrument: Sendable {
    /// The sample lines of one series.
    func text(name: String, labels: String) -> String
}

/// A number that only grows.
package final class Counter: Instrument {
    private let count = Lock<UInt64>(0)

    package func increment(by amount: UInt64 = 1) { count.withLock { $0 &+= amount } }
    package var value: UInt64 { count.withLock { $0 } }

    package func text(name: String, labels: String) -> String {
        "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }
}

/// A number that goes up and down.
package final class Gauge: Instrument {
    private let level = Lock<Double>(0)

    package func set(_ value: Double) { level.withLock { $0 = value } }
    package func add(_ amount: Double) { level.withLock { $0 += amount } }
    package var value: Double { level.withLock { $0 } }

    package func text(name: String, labels: String) -> String {
        "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }
}

/// How often values fell under each of a few bounds.
package final class Histogram: Instrument {
    /// 1 ms to 120 s, for calls and requests.
    package static let secondsBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120,
    ]

    private struct State {
        var counts: [UInt64]
        var sum: Double = 0
    }

    private let bounds: [Double]
    private let state: Lock<State>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Lock(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    package func text(name: String, labels: String) -> String {
        let snapshot = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        var running: UInt64 = 0
        var text = ""
        for (index, count) in snapshot.0.enumerated() {
            running += count
            let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(running)\n"
        }
        return text + "\(name)_sum\(suffix) \(snapshot.1)\n\(name)_count\(suffix) \(running)\n"
    }
}
