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
}
