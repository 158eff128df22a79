import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing
import Weir

/// Recorded events, which are no part of this repository: in `../shared/data` beside it, or where `WEIR_DATA` says.
enum RealData {
    static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["WEIR_DATA"], !path.isEmpty {
            return URL(fileURLWithPath: path)
        }
        return PythonOracle.repository.deletingLastPathComponent().appendingPathComponent("shared/data")
    }()

    /// Whether the file is there; says so on stderr when it isn't, since its tests are then skipped.
    static func has(_ name: String) -> Bool {
        if FileManager.default.isReadableFile(atPath: path(name)) { return true }
        let warning = "WARNING: \(path(name)) is absent: its tests are SKIPPED; set WEIR_DATA to its directory\n"
        FileHandle.standardError.write(Data(warning.utf8))
        return false
    }

    static func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
}

/// The job on recorded events against the oracle.
///
/// Debug builds are slow, so only the files' beginnings: `Scripts/check-data` compares all of every data set with a
/// release build. A test whose file is absent is skipped, not passed: where the data can't be is not where the code is wrong.
struct RealDataTests {
    @Test(
        "TalkingData: clicks and installs in any order of time",
        .enabled(if: RealData.has("talkingdata-clicks.csv"), "talkingdata-clicks.csv is absent"))
    func talkingdata() async throws {
        try await check("talkingdata-clicks.csv", .talkingdata, lines: 4_000)
    }

    @Test(
        "GitHub: wide, nested JSON",
        .enabled(if: RealData.has("gharchive-2015-01-01-0.json.gz"), "gharchive-2015-01-01-0.json.gz is absent"))
    func gharchive() async throws {
        try await check("gharchive-2015-01-01-0.json.gz", .gharchive, lines: 3_000)
    }

    private func check(_ name: String, _ format: AdEventFormat, lines: Int) async throws {
        try await withDirectory { directory in
            let path = directory.appendingPathComponent("head").path
            try Self.copyHead(of: RealData.path(name), lines: lines, to: path)
            let result = directory.appendingPathComponent("expected.json")
            try await PythonOracle.compute(
                [path], format: format.rawValue, removingDuplicates: format.hasIdentity, result: result)
            for parallelism in [1, 2] {
                let output = directory.appendingPathComponent("output-\(parallelism)")
                let run = try await JobRun(
                    [path], AdRecordFormat(format), .complete(for: format),
                    JobMatrix.Variant(parallelism: parallelism, batchSize: 1_024, seed: nil), output: output)
                #expect(try await PythonOracle.difference(of: output, from: result) == nil, "\(name), \(parallelism)")
                let accounting = run.report.accounting
                #expect(accounting.isBalanced && accounting.late == 0 && accounting.read >= lines - 1)
            }
        }
    }

    /// Copies the first lines of a file, inflated, with the reader that the job uses.
    private static func copyHead(of path: String, lines: Int, to head: String) throws {
        var reader = try RecordReader(path: path, framing: .lines)
        var bytes = Data()
        var count = 0
        while count < lines, let record = try reader.next() {
            if case .record(let line, _) = record {
                bytes.append(contentsOf: line)
                bytes.append(0x0A)
            }
            count += 1
        }
        try bytes.write(to: URL(fileURLWithPath: head))
    }
}
