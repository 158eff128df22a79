import CBenchmark
import Weir

/// A record of the benchmark: all in one word and a time.
struct Reading: EventTimed {
    var key: Int32
    var eventTime: Timestamp
}

/// Prints what sliding windows cost beside tumbling ones of the same input: CPU time per event, medians of 3.
///
/// Arguments: `cases=`, a list of `rate:size:step` separated by commas, events per second of event time and ms; `runs=`;
/// `events=`.
@main
enum WindowOverlapBench {
    private static let disorder: Int64 = 99

    /// A command line that says nothing known.
    struct UsageError: Error {}

    static func main() async throws {
        var values = [
            "cases": "100000:60000:1000,20000:1000000:1000,100000:1000000:1000,100000:100000:100", "runs": "3",
            "events": "10000000",
        ]
        for word in CommandLine.arguments.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, values[parts[0]] != nil else { throw UsageError() }
            values[parts[0]] = parts[1]
        }
        guard let runs = values["runs"].flatMap(Int.init), let events = values["events"].flatMap(Int.init), runs > 0
        else { throw UsageError() }
        for text in (values["cases"] ?? "").split(separator: ",") {
            let numbers = text.split(separator: ":").compactMap { Int($0) }
            guard numbers.count == 3 else { throw UsageError() }
            let (rate, size, step) = (Int64(numbers[0]), numbers[1], numbers[2])
            var sliding: [Double] = []
            var whole: [Double] = []
            var part: [Double] = []
            for _ in 0..<runs {
                let windows = SlidingWindows<Reading>(.milliseconds(size), every: .milliseconds(step))
                sliding.append(try await cost(events, rate, windows))
                whole.append(try await cost(events, rate, TumblingWindows(.milliseconds(size))))
                part.append(try await cost(events, rate, TumblingWindows(.milliseconds(step))))
            }
            let (a, b, c) = (sliding.sorted()[runs / 2], whole.sorted()[runs / 2], part.sorted()[runs / 2])
            print(
                "{\"rate\": \(rate), \"size_ms\": \(size), \"step_ms\": \(step), \"sliding_ns\": \(tenths(a)), "
                    + "\"tumbling_size_ns\": \(tenths(b)), \"ratio\": \((a / b * 100).rounded() / 100), "
                    + "\"tumbling_step_ns\": \(tenths(c))}")
        }
    }

    /// CPU nanoseconds per event of a count in the given windows.
    private static func cost<Windows: Windowing>(
        _ events: Int, _ rate: Int64, _ windows: Windows
    ) async throws -> Double
    where Windows.Element == Reading {
        let pipeline = try Pipeline("overlap") { p in
            p.source(
                "readings", GeneratorSource(count: events) { reading($0, rate: rate) },
                watermarks: .boundedOutOfOrderness(.milliseconds(disorder))
            )
            .keyBy(\.key).window(windows).aggregate("count", .count())
            .filter("none") { $0.value < 0 }.write("nothing", to: CollectSink())
        }
        let began = bench_cpu_ns()
        try await pipeline.run()
        return Double(bench_cpu_ns() - began) / Double(events)
    }

    /// Record `index`: one of 100 keys, up to `disorder` behind its turn.
    private static func reading(_ index: Int, rate: Int64) -> Reading {
        var bits = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        bits ^= bits >> 31
        bits = bits &* 0xBF58_476D_1CE4_E5B9
        bits ^= bits >> 29
        let lag = Int64(bits % UInt64(disorder + 1))
        return Reading(key: Int32(bits >> 40) % 100, eventTime: Int64(index) * 1_000 / rate - lag)
    }

    private static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
