import CBenchmark
import Weir
import Workloads

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a job does that has little to do: the latency of single records, and what it costs when there are none.
///
///     PulseBench latency [rate=1000] [seconds=10] [parallelism=1] [wait=reader|worker]
///     PulseBench idle [seconds=10] [parallelism=1]
///
/// Prints a line of JSON. `WEIR_BENCH_SPAWNED` is when the process was started, in ns of the monotonic clock.
@main
enum PulseBench {
    /// A command line that says nothing known.
    struct UsageError: Error {}

    static func main() async throws {
        var values = ["rate": "1000", "seconds": "10", "parallelism": "1", "wait": "reader"]
        for word in CommandLine.arguments.dropFirst(2) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, values[parts[0]] != nil else { throw UsageError() }
            values[parts[0]] = parts[1]
        }
        guard let rate = values["rate"].flatMap(Int64.init), let seconds = values["seconds"].flatMap(Int64.init),
            let parallelism = values["parallelism"].flatMap(Int.init), rate > 0, seconds > 0
        else { throw UsageError() }
        switch CommandLine.arguments.dropFirst().first {
        case "latency":
            try await latency(rate, seconds, parallelism, readerWaits: values["wait"] != "worker")
        case "idle": try await idle(seconds, parallelism)
        default: throw UsageError()
        }
    }

    private static func makePipeline<Input: Source>(
        _ source: Input, _ sink: PulseSink
    ) throws -> Pipeline where Input.Element == Pulse {
        try Pipeline("pulse") { p in
            p.source("pulses", source).keyBy { $0.key }.process("count") { try CountAndPass($0) }.write("end", to: sink)
        }
    }

    /// Single records through a keyed step; the first tenth is warm-up.
    private static func latency(
        _ rate: Int64, _ seconds: Int64, _ parallelism: Int, readerWaits: Bool
    ) async throws {
        let start = bench_wall_ns() + 100_000_000
        let source = PacedReadings(
            count: rate * seconds, perSecond: rate, parallelism: parallelism, readerWaits: readerWaits, start: start)
        let sink = PulseSink(from: start + seconds * 100_000_000)
        let pipeline = try makePipeline(source, sink)
        let began = (wall: bench_wall_ns(), cpu: bench_cpu_ns())
        try await pipeline.run(JobOptions(parallelism: parallelism))
        let share = Double(bench_cpu_ns() - began.cpu) / Double(bench_wall_ns() - began.wall)
        let lags = sink.lags
        var fields = [
            "\"bench\": \"latency\"", "\"per_s\": \(rate)", "\"parallelism\": \(parallelism)",
            "\"wait\": \"\(readerWaits ? "reader" : "worker")\"", "\"records\": \(lags.due.count)",
            "\"cpu_share\": \(decimals(share, 10_000))",
        ]
        for (name, lags) in [("from_due", lags.due), ("from_read", lags.read)] {
            for (label, part) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999), ("max", 1)] {
                fields.append("\"\(name)_us_\(label)\": \(decimals(Double(lags.percentile(part)) / 1e3, 10))")
            }
        }
        print("{" + fields.joined(separator: ", ") + "}")
    }

    /// A record at the start, and then a source that has nothing to say.
    ///
    /// CPU and memory are taken over the last nine
    /// tenths of the time.
    private static func idle(_ seconds: Int64, _ parallelism: Int) async throws {
        let began = bench_wall_ns()
        let end = began + seconds * 1_000_000_000
        let sink = PulseSink()
        let job = try makePipeline(QuietSource(end: end), sink).start(JobOptions(parallelism: parallelism))
        let settled = began + seconds * 100_000_000
        bench_sleep_until(settled)
        let (cpu, wall) = (bench_cpu_ns(), bench_wall_ns())
        bench_sleep_until(end - 10_000_000)
        let share = Double(bench_cpu_ns() - cpu) / Double(bench_wall_ns() - wall)
        let (resident, peak) = (bench_rss_kb(), bench_peak_rss_kb())
        _ = try await job.wait()
        let spawned = getenv("WEIR_BENCH_SPAWNED").flatMap { Int64(String(cString: $0)) }
        let fields = [
            "\"bench\": \"idle\"", "\"seconds\": \(seconds)", "\"parallelism\": \(parallelism)",
            "\"cpu_percent\": \(decimals(share * 100, 1000))",
            "\"resident_mb\": \(decimals(Double(resident) / 1024, 10))",
            "\"peak_rss_mb\": \(decimals(Double(peak) / 1024, 10))",
            "\"job_start_to_first_record_ms\": \(decimals(Double(sink.firstArrival - began) / 1e6, 100))",
            "\"process_start_to_first_record_ms\": "
                + (spawned.map { "\(decimals(Double(sink.firstArrival - $0) / 1e6, 100))" } ?? "null"),
        ]
        print("{" + fields.joined(separator: ", ") + "}")
    }

    private static func decimals(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }
}
