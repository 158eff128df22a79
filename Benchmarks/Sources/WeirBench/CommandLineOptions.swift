import Workloads

/// The command line of the harness.
struct CommandLineOptions {
    var query: WorkloadQuery
    var parameters: RunParameters
    /// Run the hand-written loop instead of the engine.
    var hand = false
    /// Fail unless the result is the expected one.
    var expect = false
    /// A file that the lags' histogram is written to.
    var histogram: String?

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
          --memory-budget BYTES  what keyed state may take, such as 64M or 2G (default none; 1G with rocksdb)
          --checkpoint-ms N  take snapshots every N ms, 10 or more, into a temporary directory (default 0: none)
          --throttle E     hold the sources to E events per second of wall time, all together
          --latency        measure the lag of windows' results; wants --throttle
          --histogram FILE  with --latency: write the lags' histogram to FILE
          --window-ms W    ysb and ysb_json: the windows' length (default 10000); changes the digest
          --zipf S         keyed_state: users by Zipf's law with exponent S instead of uniformly; changes the digest
          --hand           the hand-written single-thread loop instead of the engine
          --expect         exit with 1 unless rows and digest are the expected ones for this size
        queries: \(WorkloadQuery.all.map(\.name).joined(separator: ", "))
        """

    init(_ arguments: [String]) throws(UsageError) {
        let given = try CommandLineArguments(arguments)
        guard let name = given.query else { throw UsageError(message: "no query given") }
        guard let query = WorkloadQuery.named(name) else { throw UsageError(message: "unknown query '\(name)'") }
        let profile = given.has("--small") ? query.small : query.full
        self.query = query
        parameters = RunParameters(
            events: try given.number("--events") ?? profile.events,
            rate: try given.number("--rate") ?? profile.rate,
            users: try given.number("--users") ?? profile.users,
            parallelism: Int(try given.number("--parallelism") ?? 1),
            batch: Int(try given.number("--batch") ?? 1024),
            backend: try given.backend ?? .memory,
            checkpointMilliseconds: try given.number("--checkpoint-ms") ?? 0)
        parameters.throttle = try given.number("--throttle") ?? 0
        parameters.measuresLatency = given.has("--latency")
        parameters.windowMilliseconds = try given.number("--window-ms") ?? RunParameters.usualWindow
        parameters.memoryBudget = try given.bytes("--memory-budget")
        parameters.zipf = try given.exponent("--zipf")
        histogram = given.value("--histogram")
        hand = given.has("--hand")
        expect = given.has("--expect")
        if let problem { throw UsageError(message: problem) }
    }

    /// What doesn't go together.
    private var problem: String? {
        let other = parameters.windowMilliseconds != RunParameters.usualWindow || parameters.zipf != nil
        return switch true {
        case (1..<10).contains(parameters.checkpointMilliseconds): "--checkpoint-ms is 0 or at least 10"
        case parameters.windowMilliseconds != RunParameters.usualWindow && !query.name.hasPrefix("ysb"):
            "--window-ms is for ysb and ysb_json"
        case parameters.zipf != nil && query.name != "keyed_state": "--zipf is for keyed_state"
        case parameters.measuresLatency && parameters.throttle == 0:
            "--latency wants --throttle: lag is measured against the pace"
        case histogram != nil && !parameters.measuresLatency: "--histogram is that of --latency"
        case expect && other: "--expect knows the usual windows and uniform users only"
        case hand && parameters.measuresLatency: "--latency measures the engine: leave --hand out"
        case hand && parameters.memoryBudget != nil: "--hand has no budget: leave --memory-budget out"
        case hand && parameters.backend != .memory: "--hand has no store: leave --backend out"
        case hand && parameters.checkpointMilliseconds > 0: "--hand takes no snapshots: leave --checkpoint-ms out"
        case hand && parameters.parallelism != 1: "--hand is a single thread: --parallelism must be 1"
        default: nil
        }
    }
}
