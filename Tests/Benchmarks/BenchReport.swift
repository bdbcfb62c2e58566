import ServiceRuntime

/// The table for people on stdout, or the ratios as JSON for programs.
struct BenchReport {
    var lines: [String]
    var ratios: [String: Double]
    /// Figures in units of their own, by name.
    var quality: [String: Double] = [:]

    func write(_ options: BenchOptions) {
        if options.asJSON {
            func object(_ figures: [String: Double]) -> String {
                let pairs = figures.sorted { $0.key < $1.key }
                    .map { "\(jsonText($0.key)): \(decimals($0.value, 4))" }
                return "{\(pairs.joined(separator: ", "))}"
            }
            let more = quality.isEmpty ? "" : ", \"quality\": \(object(quality))"
            print("{\"ratios\": \(object(ratios))\(more)}")
        } else {
            for line in lines { print(line) }
        }
    }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// `value` with a fixed number of fraction digits.
func decimals(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    let whole = Int(scaled / scale)
    let fraction = Int(scaled) - whole * Int(scale)
    let text = String(fraction)
    let padded = String(repeating: "0", count: max(0, digits - text.count)) + text
    return "\(value < 0 ? "-" : "")\(whole)\(digits > 0 ? "." + padded : "")"
}

func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
}
