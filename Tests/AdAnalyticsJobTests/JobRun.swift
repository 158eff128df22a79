import AdAnalyticsJob
import Foundation
import StreamCore
import StreamTesting

/// The job run once over files: what it wrote and counted.
struct JobRun {
    /// The lines of each file written, sorted, by the file's name without its extension.
    let lines: [String: [String]]
    let report: AdAnalyticsReport
    let status: JobStatus

    static let fileNames: Set = [
        "attributions", "campaigns-day", "campaigns-hour", "campaigns-minute", "campaigns-total", "conversions",
        "dead-letters", "events-by-hour", "funnel", "late", "sessions",
    ]

    /// Runs the job and writes its files into a new directory at `output`.
    init(
        _ paths: [String], _ format: AdRecordFormat, _ options: AdAnalyticsOptions, _ variant: JobMatrix.Variant,
        output: URL
    ) async throws {
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        let analytics = AdAnalyticsPipeline(paths: paths, format: format, options: options)
        let results = AdAnalyticsOutput(directory: output.path)
        status = try await analytics.pipeline(to: results).run(variant.options)
        report = AdAnalyticsReport(status, results)
        var lines: [String: [String]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: output.path) {
            let text = try String(contentsOf: output.appendingPathComponent(name), encoding: .utf8)
            lines[name.replacingOccurrences(of: ".jsonl", with: "")] =
                text.split(separator: "\n").map(String.init).sorted()
        }
        self.lines = lines
    }

    /// The records of a file that was written.
    func records<Record: Decodable>(_ name: String, _ type: Record.Type = Record.self) throws -> [Record] {
        try (lines[name] ?? []).map { try JSONDecoder().decode(Record.self, from: Data($0.utf8)) }
    }

    /// Where each line of a file comes from, sorted.
    func places(_ name: String) throws -> [Place] {
        struct Line: Decodable {
            var file: FileName
            var offset: Int
        }
        return try records(name, Line.self).map { Place(file: $0.file.text, offset: $0.offset) }.sorted()
    }

    /// The first file whose lines differ, with the first line that only one of the two has; nil when all are equal.
    func difference(from other: JobRun) -> String? {
        for name in Set(lines.keys).union(other.lines.keys).sorted() {
            guard let mine = lines[name], let theirs = other.lines[name] else { return "only one has \(name)" }
            if let change = mine.difference(from: theirs).first { return "\(name): \(change)" }
        }
        return nil
    }
}

/// A line of an input file; `late` names files by their index, `dead-letters` by their path.
struct Place: Comparable, Hashable, CustomStringConvertible {
    var file: String
    var offset: Int

    static func < (a: Place, b: Place) -> Bool { (a.file, a.offset) < (b.file, b.offset) }
    var description: String { "\(file):\(offset)" }
}

/// The index or the path of a file.
struct FileName: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        text = try (try? value.decode(Int.self)).map { "\($0)" } ?? value.decode(String.self)
    }
}

/// A new directory for the body, removed afterwards.
func withDirectory<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ad-job-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory)
}

extension AdAnalyticsOptions {
    /// Nothing is late, and ids are remembered throughout: what the oracle computes.
    static func complete(for format: AdEventFormat) -> AdAnalyticsOptions {
        var options = AdAnalyticsOptions(for: format)
        options.outOfOrderness = .seconds(1_000 * 86_400)
        if format.hasIdentity { options.deduplicationHorizon = .seconds(1_000 * 86_400) }
        return options
    }
}
