import Workloads

/// The words of a command line, sorted by flag; each value is checked when it is asked for.
struct CommandLineArguments {
    /// The one word that is neither a flag nor a flag's value.
    private(set) var query: String?
    private var flags: Set<String> = []
    private var values: [String: String] = [:]

    private typealias UsageError = CommandLineOptions.UsageError

    /// The flags that take a whole number, with the values that make sense.
    private static let limits: [String: ClosedRange<Int64>] = [
        "--events": 1...1_000_000_000_000, "--rate": 10...1_000_000_000, "--users": 1...(1 << 32),
        "--parallelism": 1...256, "--batch": 1...(1 << 20), "--checkpoint-ms": 0...3_600_000,
        "--throttle": 1...1_000_000_000, "--window-ms": 250...3_600_000,
    ]
    private static let others: Set<String> = ["--backend", "--memory-budget", "--zipf", "--histogram"]
    private static let switches: Set<String> = ["--small", "--hand", "--expect", "--latency"]

    init(_ arguments: [String]) throws(CommandLineOptions.UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if Self.limits[argument] != nil || Self.others.contains(argument) {
                guard let value = rest.popFirst() else { throw UsageError(message: "\(argument) needs a value") }
                values[argument] = value
            } else if Self.switches.contains(argument) {
                flags.insert(argument)
            } else if argument.hasPrefix("-") {
                throw UsageError(message: "unknown flag '\(argument)'")
            } else if let query {
                throw UsageError(message: "one query at a time: '\(query)' or '\(argument)'")
            } else {
                query = argument
            }
        }
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    func value(_ flag: String) -> String? { values[flag] }

    func number(_ flag: String) throws(CommandLineOptions.UsageError) -> Int64? {
        guard let text = values[flag] else { return nil }
        guard let limits = Self.limits[flag], let value = Int64(text), limits.contains(value) else {
            let range = Self.limits[flag].map { "\($0.lowerBound) to \($0.upperBound)" } ?? ""
            throw UsageError(message: "\(flag) takes a whole number from \(range), not '\(text)'")
        }
        return value
    }

    /// A number of bytes, maybe with one of the suffixes K, M and G, powers of 1024.
    func bytes(_ flag: String) throws(CommandLineOptions.UsageError) -> Int? {
        guard let text = values[flag] else { return nil }
        let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
        let shift = text.last.flatMap { shifts[$0] }
        let digits = shift == nil ? text[...] : text.dropLast()
        guard let count = Int(digits), (1...(1 << 46)).contains(count), count < 1 << (46 - (shift ?? 0)) else {
            throw UsageError(message: "\(flag) takes a number of bytes such as 500000, 64M or 2G, not '\(text)'")
        }
        return count << (shift ?? 0)
    }

    func exponent(_ flag: String) throws(CommandLineOptions.UsageError) -> Double? {
        guard let text = values[flag] else { return nil }
        guard let value = Double(text), (0...10).contains(value) else {
            throw UsageError(message: "\(flag) takes a number from 0 to 10, not '\(text)'")
        }
        return value
    }

    var backend: RunParameters.Backend? {
        get throws(CommandLineOptions.UsageError) {
            guard let text = values["--backend"] else { return nil }
            guard let backend = RunParameters.Backend(rawValue: text) else {
                throw UsageError(message: "unknown backend '\(text)'")
            }
            return backend
        }
    }
}
