import Workloads

/// The command line of the harness.
struct CommandLineOptions {
    var query: WorkloadQuery
    var parameters: RunParameters
    /// Run the hand-written loop instead of the engine.
    var hand = false
    /// Fail unless the result is the expected one.
    var expect = false

    /// What is wrong with a command line.
    struct UsageError: Error {
        let message: String
    }

    static let usage = """
        usage: run QUERY [flags]
          --small          the size for checking instead of the one for measuring
          --events N       number of events
          --rate R         events per second of event time, at least 10
          --users U        number of users, at most 2^32
          --parallelism P  sources and workers (default 1)
          --batch N        records per batch (default 1024)
          --backend B      where keyed state lives: \(RunParameters.Backend.allCases.map(\.rawValue).joined(separator: ", "))
          --checkpoint-ms N  take snapshots every N ms, 10 or more, into a temporary directory (default 0: none)
          --hand           the hand-written single-thread loop instead of the engine
          --expect         exit with 1 unless rows and digest are the expected ones for this size
        queries: \(WorkloadQuery.all.map(\.name).joined(separator: ", "))
        """

    init(_ arguments: [String]) throws(UsageError) {
        var name: String?
        var values: [String: Int64] = [:]
        var flags: Set<String> = []
        var backend = RunParameters.Backend.memory
        var at = 0
        while at < arguments.count {
            let argument = arguments[at]
            at += 1
            if Self.limits[argument] != nil || argument == "--backend" {
                guard at < arguments.count else { throw UsageError(message: "\(argument) needs a value") }
                let text = arguments[at]
                at += 1
                if argument == "--backend" {
                    guard let known = RunParameters.Backend(rawValue: text) else {
                        throw UsageError(message: "unknown backend '\(text)'")
                    }
                    backend = known
                } else {
                    values[argument] = try Self.number(text, for: argument)
                }
            } else if ["--small", "--hand", "--expect"].contains(argument) {
                flags.insert(argument)
            } else if argument.hasPrefix("-") {
                throw UsageError(message: "unknown flag '\(argument)'")
            } else if let name {
                throw UsageError(message: "one query at a time: '\(name)' or '\(argument)'")
            } else {
                name = argument
            }
        }
        guard let name else { throw UsageError(message: "no query given") }
        guard let query = WorkloadQuery.named(name) else { throw UsageError(message: "unknown query '\(name)'") }
        let profile = flags.contains("--small") ? query.small : query.full
        self.query = query
        parameters = RunParameters(
            events: values["--events"] ?? profile.events, rate: values["--rate"] ?? profile.rate,
            users: values["--users"] ?? profile.users, parallelism: Int(values["--parallelism"] ?? 1),
            batch: Int(values["--batch"] ?? 1024), backend: backend,
            checkpointMilliseconds: values["--checkpoint-ms"] ?? 0)
        hand = flags.contains("--hand")
        expect = flags.contains("--expect")
        if (1..<10).contains(parameters.checkpointMilliseconds) {
            throw UsageError(message: "--checkpoint-ms is 0 or at least 10")
        }
        if hand && parameters.checkpointMilliseconds > 0 {
            throw UsageError(message: "--hand takes no snapshots: leave --checkpoint-ms out")
        }
        if hand && parameters.parallelism != 1 {
            throw UsageError(message: "--hand is a single thread: --parallelism must be 1")
        }
    }

    /// The flags that take a number, with the values that make sense.
    private static let limits: [String: ClosedRange<Int64>] = [
        "--events": 1...1_000_000_000_000, "--rate": 10...1_000_000_000, "--users": 1...(1 << 32),
        "--parallelism": 1...256, "--batch": 1...(1 << 20), "--checkpoint-ms": 0...3_600_000,
    ]

    private static func number(_ text: String, for flag: String) throws(UsageError) -> Int64 {
        guard let limits = limits[flag], let value = Int64(text), limits.contains(value) else {
            let range = limits[flag].map { "\($0.lowerBound) to \($0.upperBound)" } ?? ""
            throw UsageError(message: "\(flag) takes a whole number from \(range), not '\(text)'")
        }
        return value
    }
}
