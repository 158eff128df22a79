import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing

/// Every line of the input is in exactly one of: the results, the duplicates, the late events, the dead letters.
struct LatenessTests {
    /// What a walk through the files in their order finds, with nothing but the rule: an event more than the bound behind
    /// the newest one of its file so far is late.
    struct Walk {
        var late: [Place] = []
        var deadLetters: [Place] = []
        var counted: [AdEventGeneratorTests.Line] = []
        var duplicates = 0
        var lines = 0

        init(_ paths: [String], bound: Int64) throws {
            var ids: Set<[String]> = []
            for (index, path) in paths.enumerated() {
                var newest: Int64?
                var offset = 0
                for line in try Data(contentsOf: URL(fileURLWithPath: path)).split(
                    separator: 0x0A, omittingEmptySubsequences: false)
                {
                    defer { offset += line.count + 1 }
                    if line.isEmpty { continue }
                    lines += 1
                    guard let event = AdEventGeneratorTests.parse(line, .jsonLines) else {
                        deadLetters.append(Place(file: path, offset: offset))
                        continue
                    }
                    if let newest, event.event_time < newest - bound {
                        late.append(Place(file: "\(index)", offset: offset))
                        continue
                    }
                    newest = max(newest ?? event.event_time, event.event_time)
                    if event.event_id.isEmpty || ids.insert([event.tenant, event.event_id]).inserted {
                        counted.append(event)
                    } else {
                        duplicates += 1
                    }
                }
            }
        }

        /// The counted events by tenant, hour and type.
        var hours: [String: Int] {
            let keys = counted.map { "\($0.tenant) \($0.event_time / 3_600_000 * 3_600_000) \($0.type)" }
            return Dictionary(keys.map { ($0, 1) }, uniquingKeysWith: +)
        }
    }

    /// The figures of `events-by-hour`, in the same form.
    static func hours(_ run: JobRun) throws -> [String: Int] {
        struct Hour: Decodable {
            var tenant: String
            var start: Int64
            var impression: Int
            var click: Int
            var view: Int
            var basket: Int
            var purchase: Int
        }
        var figures: [String: Int] = [:]
        for hour in try run.records("events-by-hour", Hour.self) {
            let counts = [
                ("impression", hour.impression), ("click", hour.click), ("view", hour.view), ("basket", hour.basket),
                ("purchase", hour.purchase),
            ]
            for (type, count) in counts where count > 0 { figures["\(hour.tenant) \(hour.start) \(type)"] = count }
        }
        return figures
    }

    private func check(
        _ paths: [String], bound: Int64, _ variants: [JobMatrix.Variant], in directory: URL, _ comment: String
    ) async throws {
        let walk = try Walk(paths, bound: bound)
        var options = AdAnalyticsOptions(for: .json)
        options.outOfOrderness = .milliseconds(bound)
        var first: JobRun?
        for (index, variant) in variants.enumerated() {
            let comment = Comment(rawValue: "\(comment), \(variant)")
            let run = try await JobRun(
                paths, AdRecordFormat(.json), options, variant, output: directory.appendingPathComponent("\(index)"))
            #expect(try run.places("late") == walk.late.sorted(), comment)
            #expect(try run.places("dead-letters") == walk.deadLetters.sorted(), comment)
            #expect(try Self.hours(run) == walk.hours, comment)
            let accounting = run.report.accounting
            #expect(accounting.read == walk.lines && accounting.isBalanced, comment)
            #expect(accounting.counted == walk.counted.count && accounting.duplicates == walk.duplicates, comment)
            #expect(accounting.late == walk.late.count && accounting.deadLetters == walk.deadLetters.count, comment)
            if let first { #expect(run.difference(from: first) == nil, comment) } else { first = run }
        }
    }

    @Test("Beyond the bound, in every way to run", arguments: [(201, 10_000), (202, 1_500)] as [(UInt64, Int64)])
    func generated(seed: UInt64, bound: Int64) async throws {
        try await withDirectory { directory in
            let paths = try JobResultTests.generate(seed: seed, files: 3, events: 500, in: directory)
            #expect(try Walk(paths, bound: bound).late.count > 5, "the files test something")
            try await check(
                paths, bound: bound, JobMatrix.sampled(seed: seed).variants, in: directory, "seed \(seed)")
        }
    }

    @Test("The edges of the rule")
    func edges() async throws {
        func view(_ time: Int64, id: String = "") -> String { EventLine(time, "view", id: id).json }
        let far: Int64 = 70 * 365 * 86_400_000
        let files = [
            // Just at the bound, just beyond; neither moves anything; a dead letter's time doesn't either.
            [
                view(5_000), view(4_000), view(3_999), view(4_000), "{\"event_time\":\(AdEvent.start + 90_000)}",
                view(4_500),
            ],
            // Decades ahead: everything after is late, and counted so. Its other copy on time is no duplicate of a late one.
            [view(0, id: "a"), view(far, id: "b"), view(0, id: "c"), view(far, id: "b"), view(far - 1_000, id: "c")],
            // Decades behind from the start on: of this file, nothing is late.
            [view(-20 * 365 * 86_400_000), view(-20 * 365 * 86_400_000 - 1_000)],
            [], [""], ["x"],
        ]
        try await withDirectory { directory in
            let paths = try EventLine.write(files, in: directory)
            let walk = try Walk(paths, bound: 1_000)
            #expect(walk.late.count == 2 && walk.duplicates == 1 && walk.deadLetters.count == 2)
            try await check(paths, bound: 1_000, JobMatrix(batchSizes: [2]).variants, in: directory, "edges")
        }
    }
}
