import CBenchmark
import Weir

/// A record of the benchmark: all in one word and a time.
struct Reading: EventTimed {
    var key: Int32
    var eventTime: Timestamp
}

/// Prints what sliding windows cost beside tumbling ones of the same input: CPU time per event, medians of 3.
@main
enum WindowOverlapBench {
    private static let events = 10_000_000
    private static let disorder: Int64 = 99

    static func main() async throws {
        let cases: [(rate: Int64, size: Int, step: Int)] = [
            (100_000, 60_000, 1_000), (20_000, 1_000_000, 1_000), (100_000, 1_000_000, 1_000), (100_000, 100_000, 100),
        ]
        for (rate, size, step) in cases {
            var sliding: [Double] = []
            var whole: [Double] = []
            var part: [Double] = []
            for _ in 0..<3 {
                sliding.append(
                    try await cost(rate, SlidingWindows(.milliseconds(size), every: .milliseconds(step))))
                whole.append(try await cost(rate, TumblingWindows(.milliseconds(size))))
                part.append(try await cost(rate, TumblingWindows(.milliseconds(step))))
            }
            let (a, b, c) = (sliding.sorted()[1], whole.sorted()[1], part.sorted()[1])
            print(
                "{\"rate\": \(rate), \"size_ms\": \(size), \"step_ms\": \(step), \"sliding_ns\": \(tenths(a)), "
                    + "\"tumbling_size_ns\": \(tenths(b)), \"ratio\": \((a / b * 100).rounded() / 100), "
                    + "\"tumbling_step_ns\": \(tenths(c))}")
        }
    }

    /// CPU nanoseconds per event of a count in the given windows.
    private static func cost<Windows: Windowing>(_ rate: Int64, _ windows: Windows) async throws -> Double
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
