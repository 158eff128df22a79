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

    @Test(
        arguments: [
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
}
