import CBenchmark
import EngineQueries
import HandLoops
import Workloads

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs one query and prints one JSON line.
@main
enum WeirBench {
    /// Exit codes, as in sysexits.h where it has one.
    private enum ExitCode: Int32 {
        case unexpectedResult = 1
        case usage = 64
        case unavailable = 69
        case failed = 70
    }

    static func main() async {
        let began = bench_wall_ns()
        let options: CommandLineOptions
        do {
            options = try CommandLineOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            stop(.usage, "\(error.message)\n\(CommandLineOptions.usage)")
        }
        let parameters = options.parameters
        let profile = WorkloadQuery.Profile(
            events: parameters.events, rate: parameters.rate, users: parameters.users)
        let expected = options.expect ? expectedDigest(options.query, profile) : nil
        let table = options.hand ? HandLoopTable.queries : EngineQueryTable.queries
        guard let run = table[options.query.name] else {
            let hint = options.hand ? "there is no hand-written loop for it" : "try --hand for the hand-written loop"
            stop(.unavailable, "query '\(options.query.name)' is not available in this build; \(hint)")
        }
        let meter = Meter(events: parameters.events, sources: parameters.parallelism)
        let digest: Digest
        do {
            digest = try await run(parameters, meter)
        } catch {
            stop(.failed, "query '\(options.query.name)' failed: \(error)")
        }
        guard let figures = meter.measurement else {
            stop(.failed, "query '\(options.query.name)' ended before its sources or its sink did")
        }
        print(resultLine(options, digest, figures, lags: meter.lags, wall: bench_wall_ns() - began))
        if let path = options.histogram { writeHistogram(meter.lags, to: path) }
        if let expected, expected != digest {
            stop(
                .unexpectedResult,
                "unexpected result of '\(options.query.name)': \(digest.rows) rows, digest \(digest.hexadecimal); "
                    + "expected \(expected.rows) rows, digest \(expected.hexadecimal)")
        }
    }

    private static func resultLine(
        _ options: CommandLineOptions, _ digest: Digest, _ figures: Meter.Measurement, lags: LatencyHistogram,
        wall: Int64
    ) -> String {
        let parameters = options.parameters
        let events = Double(figures.steadyEvents)
        var line = ResultLine()
        line.add("query", options.query.name)
        line.add("engine", options.hand ? "hand" : "weir")
        line.add("version", options.hand ? HandLoopTable.version : EngineQueryTable.version)
        line.add("events", parameters.events)
        line.add("rate", parameters.rate)
        line.add("users", parameters.users)
        line.add("parallelism", parameters.parallelism)
        line.add("batch", parameters.batch)
        line.add("backend", parameters.backend.rawValue)
        line.add("checkpoint_ms", parameters.checkpointMilliseconds)
        if parameters.throttle > 0 { line.add("throttle", parameters.throttle) }
        if parameters.windowMilliseconds != RunParameters.usualWindow {
            line.add("window_ms", parameters.windowMilliseconds)
        }
        if let budget = parameters.memoryBudget { line.add("memory_budget", budget) }
        if let exponent = parameters.zipf { line.add("zipf", exponent, decimals: 3) }
        line.add("wall_s", Double(wall) / 1e9, decimals: 3)
        line.add("run_s", Double(figures.run) / 1e9, decimals: 3)
        line.add("startup_s", Double(figures.startup) / 1e9, decimals: 3)
        line.add("events_per_s", Int64((events / max(figures.steadyWall, 1) * 1e9).rounded()))
        line.add("cpu_ns_per_event", figures.steadyCPU / events, decimals: 2)
        line.add("cpu_s", Double(bench_cpu_ns()) / 1e9, decimals: 3)
        line.add("gc_s", 0)
        line.add("peak_rss_mb", bench_peak_rss_kb() / 1024)
        line.add("rows", digest.rows)
        line.add("digest", digest.hexadecimal)
        if parameters.measuresLatency { line.add(lags: lags) }
        return line.text
    }

    /// Writes a line per bucket: its value in ms, how many lags it holds, and the share of all up to it.
    private static func writeHistogram(_ lags: LatencyHistogram, to path: String) {
        var text = "lag_ms\tcount\tshare\n"
        var seen: Int64 = 0
        for (value, count) in lags.filled {
            seen += count
            text += "\(Double(value) / 1e6)\t\(count)\t\(Double(seen) / Double(lags.count))\n"
        }
        do { try TextFile.write(text, to: path) } catch { stop(.failed, "\(error)") }
    }

    /// The expected result of the profile; stops when the tables don't have it or can't be read.
    private static func expectedDigest(_ query: WorkloadQuery, _ profile: WorkloadQuery.Profile) -> Digest {
        do {
            let results = try ExpectedResults(
                small: TextFile.contents(of: "expected.tsv"), full: TextFile.contents(of: "expected_full.tsv"))
            if let digest = results.digest(of: query, on: profile) { return digest }
        } catch {
            stop(.unexpectedResult, "\(error)")
        }
        stop(
            .unexpectedResult,
            "no expected result of '\(query.name)' for \(profile.events) events, rate \(profile.rate), "
                + "\(profile.users) users")
    }

    private static func stop(_ code: ExitCode, _ message: String) -> Never {
        // Not the C stream of this name: its variable is mutable and not safe in Swift 6.
        let text = Array("run: \(message)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        exit(code.rawValue)
    }
}
