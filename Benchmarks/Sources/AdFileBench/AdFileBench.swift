import AdAnalyticsJob
import CBenchmark
import Glibc
import Weir

/// Reads a file of the ad-analytics job's JSON lines four ways, and prints CPU time and throughput of each: how much of
/// the job's cost is framing, scanning, decoding, and the job itself.
@main
enum AdFileBench {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let path = arguments.first, arguments.count <= 2 else {
            print("usage: AdFileBench FILE [frame|scan|decode|job]")
            exit(64)
        }
        let modes = arguments.count == 2 ? [arguments[1]] : ["frame", "scan", "decode", "job"]
        let bytes = try size(path)
        for mode in modes {
            let began = bench_cpu_ns()
            let wall = bench_wall_ns()
            let events: Int
            switch mode {
            case "frame": events = try frame(path)
            case "scan": events = try scan(path)
            case "decode": events = try await decode(path)
            default: events = try await job(path)
            }
            let cpu = Double(bench_cpu_ns() - began)
            let perEvent = (cpu / Double(max(events, 1))).rounded()
            let rate = (Double(bytes) / cpu * 1e3).rounded()
            let elapsed = (Double(bench_wall_ns() - wall) / 1e7).rounded() / 100
            print(
                "{\"mode\": \"\(mode)\", \"events\": \(events), \"mb\": \(bytes / 1_000_000), "
                    + "\"cpu_ns_per_event\": \(perEvent), \"mb_per_cpu_s\": \(rate), \"wall_s\": \(elapsed), "
                    + "\"peak_rss_mb\": \(bench_peak_rss_kb() / 1024)}")
        }
    }

    private static func size(_ path: String) throws -> Int {
        var information = stat()
        guard stat(path, &information) == 0 else { throw AdAnalyticsError(code: .input, message: "no file \(path)") }
        return Int(information.st_size)
    }

    /// Cuts the file into records, nothing else.
    private static func frame(_ path: String) throws -> Int {
        var reader = try RecordReader(path: path)
        var count = 0
        while try reader.next() != nil { count += 1 }
        return count
    }

    /// Reads every field of every object to borrowed bytes or numbers: the bare scanner.
    private static func scan(_ path: String) throws -> Int {
        var reader = try RecordReader(path: path)
        var count = 0
        var sum = 0
        while let record = try reader.next() {
            guard case .record(let bytes, _) = record else { continue }
            count += 1
            do {
                var object = try JSONObjectReader(bytes)
                while let field = try object.nextField() {
                    switch field {
                    case "event_time", "price_micros", "quantity": sum &+= Int(truncatingIfNeeded: try object.int64())
                    default: sum &+= try object.stringBytes().bytes.count
                    }
                }
                try object.finish()
            } catch {
                sum &+= 1
            }
        }
        if sum == 0 { print("empty") }
        return count
    }

    /// The job's source alone: events with their strings, timestamps and watermarks, dead letters.
    private static func decode(_ path: String) async throws -> Int {
        let pipeline = try Pipeline("decode") { p in
            p.source(
                "events", FileSource(path, format: AdRecordFormat(.json)),
                watermarks: .boundedOutOfOrderness(.seconds(10), lateness: .atSource)
            )
            .filter("none") { $0.time < 0 }
            .write("nothing", to: CollectSink<AdEvent>())
        }
        return try await pipeline.run()["events"]?.recordsIn ?? 0
    }

    /// The whole job, with its results in memory.
    private static func job(_ path: String) async throws -> Int {
        let job = AdAnalyticsPipeline(
            paths: [path], format: AdRecordFormat(.json), options: AdAnalyticsOptions(for: .json))
        return try await job.pipeline(to: AdAnalyticsOutput(directory: nil)).run()["events"]?.recordsIn ?? 0
    }
}
