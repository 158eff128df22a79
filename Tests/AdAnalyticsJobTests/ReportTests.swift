import Foundation
import StreamTesting
import Testing

@testable import AdAnalyticsJob

/// The tables that people read.
struct ReportTests {
    static func run(
        _ files: [[String]], _ change: (inout AdAnalyticsOptions) -> Void = { _ in }
    ) async throws -> AdAnalyticsReport {
        try await withDirectory { directory in
            var options = AdAnalyticsOptions.complete(for: .json)
            change(&options)
            return try await JobRun(
                EventLine.write(files, in: directory), AdRecordFormat(.json), options,
                JobMatrix.Variant(parallelism: 2, batchSize: 3, seed: 5),
                output: directory.appendingPathComponent("out")
            ).report
        }
    }

    @Test("A small shop's day")
    func small() async throws {
        var purchase = EventLine(120_000, "purchase")
        purchase.price = 1_234_567_890
        purchase.quantity = 2
        var events = [
            EventLine(0, "impression", campaign: "spring"),
            EventLine(1_000, "impression", user: "v", campaign: "spring"),
            EventLine(2_000, "impression", user: "v", campaign: "spring"),
            EventLine(60_000, "click", campaign: "spring"),
            EventLine(90_000, "basket", id: "twice"), EventLine(90_000, "basket", id: "twice"), purchase,
            EventLine(7_200_000, "view"), EventLine(3_000, "click", tenant: "other shop", campaign: "a"),
            EventLine(4_000, "click", tenant: "other shop", campaign: "b"),
        ].map(\.json)
        events.append("{}")
        let report = try await Self.run([events])
        #expect(report.accounting.read == 11 && report.accounting.counted == 9)
        let expected = """
            Campaigns
            retailer    campaign  impressions  clicks      CTR  customers  baskets  purchases   revenue
            ──────────  ────────  ───────────  ──────  ───────  ─────────  ───────  ─────────  ────────
            s           spring              3       1  33.33 %          2        1          1  2,469.13
            other shop  a                   0       1        -          1        0          0      0.00
            other shop  b                   0       1        -          1        0          0      0.00

            Sessions
            retailer    sessions  mean length  events per session
            ──────────  ────────  ───────────  ──────────────────
            other shop         1    0 min 1 s                2.00
            s                  3   0 min 40 s                2.33

            Funnel: customers with at least one, and conversions of clicks
            retailer    impressions  clicks  views  baskets  purchases  click→basket  click→purchase
            ──────────  ───────────  ──────  ─────  ───────  ─────────  ────────────  ──────────────
            other shop            0       1      0        0          0             0               0
            s                     2       1      1        1          1             1               1

            11 read = 9 counted + 1 duplicates + 0 late + 1 dead letters

            """
        #expect(report.text() == expected)
        #expect(report.text(campaignLimit: 1).contains("Campaigns (the first 1 of 3)\n"))
        #expect(!report.text(campaignLimit: 1).contains("other shop  a"))
    }

    @Test("Nothing read")
    func empty() async throws {
        let report = try await Self.run([[]])
        #expect(report.accounting.isBalanced && report.accounting.read == 0)
        #expect(report.text().components(separatedBy: "(none)").count == 4)
        #expect(report.text().hasSuffix("\n0 read = 0 counted + 0 duplicates + 0 late + 0 dead letters\n"))
    }

    @Test("The accounting, with and without deduplication", arguments: [true, false])
    func accounting(removingDuplicates: Bool) async throws {
        let events = [0, 0, 50_000, 49_000, 1_000].map { EventLine($0, "view", id: "\($0)").json } + ["x"]
        let a = try await Self.run([events]) { options in
            options.outOfOrderness = .seconds(10)
            if !removingDuplicates { options.deduplicationHorizon = nil }
        }.accounting
        #expect(a.read == 6 && a.late == 1 && a.deadLetters == 1)
        #expect(
            a.duplicates == (removingDuplicates ? 1 : 0) && a.counted == (removingDuplicates ? 3 : 4) && a.isBalanced)
    }

    @Test("Revenue that is too large for 64 bits is the largest that is not")
    func saturation() async throws {
        var events = [EventLine(0, "click", campaign: "c"), EventLine(1, "purchase"), EventLine(2, "purchase")]
        events[1].price = .max
        events[1].quantity = .max
        events[2].price = 1
        let report = try await Self.run([events.map(\.json)])
        #expect(report.campaigns.map(\.totals.revenueMicros) == [.max])
        #expect(report.text().contains("9,223,372,036,854.77"))
    }

    @Test("Numbers")
    func numbers() {
        let numbers = [0, 7, 999, 1_000, 1_234_567, -1_000].map { TextTable.number($0) }
        #expect(numbers == ["0", "7", "999", "1,000", "1,234,567", "-1,000"])
        #expect(TextTable.number(Int64.min) == "-9,223,372,036,854,775,808")
        #expect(
            [0, 0.005, 1.005, 1_234.5, 0.999].map { TextTable.decimal($0) } == [
                "0.00", "0.01", "1.00", "1,234.50", "1.00",
            ])
        #expect([0, 0.0371, 1].map { TextTable.percent($0) } == ["0.00 %", "3.71 %", "100.00 %"])
        #expect(
            [0, 9_999, 10_000, 1_999_999, 25_500_000].map { TextTable.money($0) } == [
                "0.00", "0.00", "0.01", "1.99", "25.50",
            ])
        #expect(
            [0, 499, 500, 59_999, 3_600_000].map { TextTable.duration($0) } == [
                "0 min 0 s", "0 min 0 s", "0 min 1 s", "1 min 0 s", "60 min 0 s",
            ])
    }

    @Test("Cells are aligned by their characters, long ones cut, and no control character reaches the terminal")
    func cells() {
        var table = TextTable(title: "T", columns: ["name", "n"], leftAligned: 1)
        #expect(table.text == "T\nname  n\n────  ─\n(none)")
        table.add(["é😀", "1"])
        table.add([String(repeating: "x", count: 41), "22"])
        table.add(["a\u{1B}[2J\nb\r\n", "3"])
        let x = String(repeating: "x", count: 39)
        func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
        #expect(
            table.text.split(separator: "\n").dropFirst(3) == [
                "é😀\(spaces(41))1", "\(x)…  22", "a�[2J�b��\(spaces(34))3",
            ])
    }
}
