import Workloads

/// A JSON object on one line, its members in the order in which they were added.
struct ResultLine {
    private var members: [String] = []

    /// The line.
    var text: String { "{" + members.joined(separator: ", ") + "}" }

    /// Adds a string; the callers' strings need no escapes.
    mutating func add(_ name: String, _ value: String) {
        members.append("\"\(name)\": \"\(value)\"")
    }

    mutating func add(_ name: String, _ value: some BinaryInteger) {
        members.append("\"\(name)\": \(value)")
    }

    /// Adds a number with this many decimals.
    mutating func add(_ name: String, _ value: Double, decimals: Int) {
        var scale: Int64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((abs(value) * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: decimals - fraction.utf8.count)
        members.append("\"\(name)\": \(value < 0 && scaled != 0 ? "-" : "")\(scaled / scale).\(zeros)\(fraction)")
    }

    /// Adds how many lags there were, some percentiles and the highest, in ms.
    mutating func add(lags: LatencyHistogram) {
        add("lag_rows", lags.count)
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999), ("max", 1)] {
            add("lag_ms_\(name)", Double(lags.percentile(share)) / 1e6, decimals: 3)
        }
    }
}
