import Testing
import Workloads

@testable import WeirBench

struct CommandLineOptionsTests {
    @Test func defaultsAreTheFullSize() throws {
        let options = try CommandLineOptions(["keyed_state"])
        #expect(options.parameters == RunParameters(events: 25_000_000, rate: 1_000_000, users: 10_000_000))
        #expect(!options.hand && !options.expect)
    }

    @Test func flags() throws {
        let options = try CommandLineOptions([
            "--small", "--users", "5", "keyed_state", "--parallelism", "3", "--batch", "64", "--backend", "memory",
            "--expect",
        ])
        #expect(
            options.parameters
                == RunParameters(events: 1_000_000, rate: 10_000, users: 5, parallelism: 3, batch: 64))
        #expect(options.expect)
    }

    @Test func flagsOfPacedRuns() throws {
        let options = try CommandLineOptions([
            "ysb", "--throttle", "1000000", "--latency", "--window-ms", "1000", "--histogram", "lags.tsv",
        ])
        #expect(options.parameters.throttle == 1_000_000 && options.parameters.measuresLatency)
        #expect(options.parameters.windowMilliseconds == 1000)
        #expect(options.histogram == "lags.tsv")
    }

    @Test(arguments: [("500000", 500_000), ("3K", 3072), ("64M", 64 << 20), ("2G", 2 << 30)])
    func budgets(text: String, bytes: Int) throws {
        let options = try CommandLineOptions(["keyed_state", "--zipf", "0.99", "--memory-budget", text])
        #expect(options.parameters.memoryBudget == bytes)
        #expect(options.parameters.zipf == 0.99)
    }

    @Test(
        arguments: [
            (["ysb", "--latency"], "wants --throttle"), (["ysb", "--histogram", "x"], "that of --latency"),
            (["session", "--window-ms", "1000"], "for ysb"), (["ysb", "--window-ms", "100"], "--window-ms takes"),
            (["ysb", "--zipf", "1"], "for keyed_state"), (["keyed_state", "--zipf", "-1"], "--zipf takes"),
            (["keyed_state", "--memory-budget", "1T"], "--memory-budget takes"),
            (["keyed_state", "--memory-budget", "9999999999G"], "--memory-budget takes"),
            (["keyed_state", "--zipf", "1", "--expect"], "uniform users"),
            (["ysb", "--hand", "--throttle", "5", "--latency"], "leave --hand out"),
            (["ysb", "--hand", "--backend", "rocksdb"], "leave --backend out"),
            (["ysb", "--hand", "--memory-budget", "1G"], "no budget"),
            ([], "no query"), (["nothing"], "unknown query 'nothing'"), (["ysb", "--fast"], "unknown flag '--fast'"),
            (["ysb", "uniques"], "one query at a time"), (["ysb", "--events"], "needs a value"),
            (["ysb", "--events", "0"], "--events takes"), (["ysb", "--rate", "9"], "--rate takes"),
            (["ysb", "--users", "x"], "--users takes"), (["ysb", "--backend", "disk"], "unknown backend 'disk'"),
            (["ysb", "--hand", "--parallelism", "2"], "single thread"),
        ] as [([String], String)])
    func refused(arguments: [String], message: String) {
        do {
            _ = try CommandLineOptions(arguments)
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains(message))
        }
    }

    @Test func numbersInTheResultLine() {
        var line = ResultLine()
        line.add("a", "x")
        line.add("b", 7)
        line.add("c", 3.14159, decimals: 2)
        line.add("d", -0.0004, decimals: 3)
        line.add("e", -1.05, decimals: 1)
        #expect(line.text == #"{"a": "x", "b": 7, "c": 3.14, "d": 0.000, "e": -1.1}"#)
    }

    @Test func lagsInTheResultLine() {
        var lags = LatencyHistogram()
        for i in 1...100 as ClosedRange<Int64> { lags.add(i * 1_000_000) }
        var line = ResultLine()
        line.add(lags: lags)
        #expect(line.text.hasPrefix(#"{"lag_rows": 100, "lag_ms_p50": 50."#))
        #expect(line.text.hasSuffix(#""lag_ms_max": 100.000}"#))
        #expect(line.text.contains(#""lag_ms_p99.99": 100.000"#))
    }
}
