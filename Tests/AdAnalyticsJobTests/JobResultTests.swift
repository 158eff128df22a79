import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing

/// The job's files do not depend on how it runs, and equal what the oracle computes.
struct JobResultTests {
    /// Generated files: more flaws than by default, in a few hours, so that every table has something of everything.
    static func generate(
        seed: UInt64, files: Int = 1, events: Int, format: AdEventGeneratorOptions.Format = .jsonLines,
        in directory: URL
    ) throws -> [String] {
        try (0..<files).map { index in
            var options = AdEventGeneratorOptions()
            // Files of different seeds have different events; the users are the same.
            options.seed = seed &+ UInt64(index)
            options.events = events
            options.users = 400
            options.campaignsPerTenant = 5
            options.span = 5 * 3_600_000
            options.lateShare = 0.005
            options.duplicateShare = 0.02
            options.malformedShare = 0.01
            options.format = format
            let path = directory.appendingPathComponent("events-\(index)").path
            _ = try AdEventFileGenerator(options: options).write(to: path)
            return path
        }
    }

    static let single = JobMatrix.Variant(parallelism: 1, batchSize: 1_024, seed: nil)

    @Test("Both schedulers, parallelism 1, 2, 4 and batches of 1, 7, 1024 give the files that the oracle expects")
    func everyVariant() async throws {
        try await check(
            seed: 101, files: 2, events: 400, format: .json, variants: JobMatrix(seed: 101).variants)
    }

    @Test("More files, events and seeds, in a few of the variants", arguments: [102, 103] as [UInt64])
    func sample(seed: UInt64) async throws {
        try await check(
            seed: seed, files: 1, events: 6_000, format: .json,
            variants: [JobMatrix.Variant(parallelism: 2, batchSize: 1_024, seed: nil)])
        try await check(
            seed: seed, files: 5, events: 200, format: .csv, variants: JobMatrix.sampled(seed: seed).variants)
    }

    private func check(
        seed: UInt64, files: Int, events: Int, format: AdEventFormat, variants: [JobMatrix.Variant]
    ) async throws {
        try await withDirectory { directory in
            let paths = try Self.generate(
                seed: seed, files: files, events: events, format: format == .csv ? .csv : .jsonLines, in: directory)
            let result = directory.appendingPathComponent("expected.json")
            try await PythonOracle.compute(paths, format: format.rawValue, removingDuplicates: true, result: result)
            let output = directory.appendingPathComponent("output")
            let first = try await JobRun(
                paths, AdRecordFormat(format), .complete(for: format), Self.single, output: output)
            let difference = try await PythonOracle.difference(of: output, from: result)
            #expect(difference == nil, "seed \(seed), \(Self.single)")
            #expect(Set(first.lines.keys) == JobRun.fileNames)
            try compare(first.report.accounting, with: result, "seed \(seed)")
            for variant in variants {
                try FileManager.default.removeItem(at: output)
                let run = try await JobRun(
                    paths, AdRecordFormat(format), .complete(for: format), variant, output: output)
                #expect(run.difference(from: first) == nil, "seed \(seed), \(variant)")
                #expect(run.report.accounting == first.report.accounting, "seed \(seed), \(variant)")
                #expect(run.report.text() == first.report.text(), "seed \(seed), \(variant)")
            }
        }
    }

    private func compare(
        _ found: AdAnalyticsReport.Accounting, with result: URL, _ comment: Comment
    ) throws {
        struct Result: Decodable {
            struct Accounting: Decodable {
                var lines: Int
                var events: Int
                var malformed: Int
                var duplicates: Int
            }
            var accounting: Accounting
        }
        let expected = try JSONDecoder().decode(Result.self, from: Data(contentsOf: result)).accounting
        #expect(found.read == expected.lines, comment)
        #expect(found.counted == expected.events, comment)
        #expect(found.duplicates == expected.duplicates, comment)
        #expect(found.deadLetters == expected.malformed, comment)
        #expect(found.late == 0 && found.isBalanced, comment)
    }
}
