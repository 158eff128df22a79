import Foundation
import StreamTesting
import Testing
import Weir

/// The command `ad-analytics` is asked to end, and goes on later.
struct SignalTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func aStoppedCommandGoesOnWhereItWas(signal: Int32) async throws {
        try await withDirectory { directory in
            let input = try JobResultTests.generate(seed: 77, events: 40_000, in: directory)
            func arguments(_ output: String, _ more: [String]) -> [String] {
                input.flatMap { ["--input", $0] } + ["--quiet", "--output", directory.path + "/" + output] + more
            }
            let undisturbed = try await Command(arguments("undisturbed", []))
            #expect(try await undisturbed.end() == 0)

            // On a busy machine the command may be done before it hears the signal; then once more.
            for attempt in 1...10 {
                let output = "stopped-\(attempt)"
                let snapshots = directory.path + "/snapshots-\(attempt)"
                let more = ["--snapshots", snapshots, "--snapshot-interval", "0.02"]
                let first = try await Command(arguments(output, more))
                // Whenever it comes, nothing may be lost; this is in the middle of the first snapshot.
                let storage = LocalSnapshotStorage(directory: snapshots)
                // Not a task's yield: others would have their turn, and the command would go on meanwhile.
                while try storage.list("ad-analytics/").isEmpty && first.isRunning { sched_yield() }
                first.send(signal)
                #expect(try await first.end() == 0)
                let committed = try lines(of: "sessions", in: directory.path + "/" + output)
                let second = try await Command(arguments(output, more))
                #expect(try await second.end() == 0)
                for name in ["sessions", "attributions", "campaigns-minute", "campaigns-total", "late", "dead-letters"]
                {
                    let path = directory.path + "/undisturbed/\(name).jsonl"
                    let expected = try String(contentsOfFile: path, encoding: .utf8)
                    let found = try lines(of: name, in: directory.path + "/" + output)
                    #expect(found == expected.split(separator: "\n").map(String.init).sorted(), "\(name)")
                }
                let all = try lines(of: "sessions", in: directory.path + "/" + output)
                if committed.count < all.count { return }
            }
            Issue.record("the command was never stopped before its end")
        }
    }

    /// The lines of the committed files of one kind of result, sorted.
    private func lines(of name: String, in output: String) throws -> [String] {
        let directory = "\(output)/\(name)"
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(!files.contains { $0.hasSuffix(".pending") }, "\(name)")
        return try files.flatMap { file in
            try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8).split(separator: "\n").map(String.init)
        }.sorted()
    }
}

/// A run of the command.
private struct Command {
    private let process = Process()
    private let ended: AsyncStream<Int32>

    init(_ arguments: [String]) async throws {
        var products = Bundle.main.executableURL ?? URL(fileURLWithPath: "")
        // The runner may be the tool chain's, which is given the tests' bundle.
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
            products = URL(fileURLWithPath: argument)
        }
        process.executableURL = products.deletingLastPathComponent().appendingPathComponent("ad-analytics")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        ended = stream
        process.terminationHandler = { process in
            continuation.yield(process.terminationReason == .exit ? process.terminationStatus : -1)
            continuation.finish()
        }
        try process.run()
    }

    var isRunning: Bool { process.isRunning }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The exit code; -1 when a signal has ended it.
    func end() async throws -> Int32 {
        for await code in ended { return code }
        return -1
    }
}
