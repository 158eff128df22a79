import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing
import Weir

/// Baskets and purchases go to the last click before them.
struct AttributionTests {
    static let basketWindow: Int64 = 1_000
    static let purchaseWindow: Int64 = 5_000

    struct Line: Decodable, CustomStringConvertible {
        var type: String
        var tenant: String
        var user: String
        var time: Int64
        var touch_time: Int64
        var campaign: String

        var description: String {
            "\(tenant)/\(user) \(type) \(time - AdEvent.start) <- \(touch_time - AdEvent.start) \(campaign)"
        }
    }

    /// What the job attributes, sorted.
    static func attribute(_ files: [[EventLine]], _ variant: JobMatrix.Variant) async throws -> [String] {
        try await withDirectory { directory in
            var options = AdAnalyticsOptions.complete(for: .json)
            options.basketWindow = .milliseconds(basketWindow)
            options.purchaseWindow = .milliseconds(purchaseWindow)
            let run = try await JobRun(
                EventLine.write(files, in: directory), AdRecordFormat(.json), options, variant,
                output: directory.appendingPathComponent("output"))
            return try run.records("attributions", Line.self).map(\.description).sorted()
        }
    }

    /// The same by looking at every pair.
    ///
    /// The order of the lines is that of the files.
    static func naive(_ files: [[EventLine]]) -> [String] {
        let events = files.flatMap { $0 }
        var found: [String] = []
        for event in events where event.type == "basket" || event.type == "purchase" {
            let window = event.type == "basket" ? basketWindow : purchaseWindow
            var best: EventLine?
            for touch in events where touch.type == "click" && !touch.campaign.isEmpty {
                guard touch.tenant == event.tenant, touch.user == event.user, touch.time <= event.time,
                    event.time <= touch.time + window
                else { continue }
                // The later line wins a tie.
                if touch.time >= best?.time ?? .min { best = touch }
            }
            guard let best else { continue }
            found.append(
                Line(
                    type: event.type, tenant: event.tenant, user: event.user, time: event.time, touch_time: best.time,
                    campaign: best.campaign
                ).description)
        }
        return found.sorted()
    }

    static let edges: [(name: String, files: [[EventLine]], expected: [String])] = [
        ("nothing before", [[EventLine(10, "basket"), EventLine(11, "click", campaign: "a")]], []),
        (
            "the same millisecond, in either order",
            [
                [EventLine(10, "basket"), EventLine(10, "click", campaign: "a")],
                [EventLine(20, "click", campaign: "b"), EventLine(20, "basket")],
            ], ["basket 10 <- 10 a", "basket 20 <- 20 b"]
        ),
        (
            "a click whose line comes after the basket's, and whose time is before",
            [[EventLine(10, "basket"), EventLine(20, "purchase"), EventLine(9, "click", campaign: "a")]],
            ["basket 10 <- 9 a", "purchase 20 <- 9 a"]
        ),
        (
            "the window's last millisecond, and the one after",
            [
                [
                    EventLine(0, "click", campaign: "a"), EventLine(1_000, "basket"), EventLine(1_001, "basket"),
                    EventLine(5_000, "purchase"), EventLine(5_001, "purchase"),
                ]
            ], ["basket 1000 <- 0 a", "purchase 5000 <- 0 a"]
        ),
        (
            "two clicks of the same time: the later line, the later file",
            [
                [
                    EventLine(0, "click", campaign: "b"), EventLine(0, "click", campaign: "a"), EventLine(5, "basket"),
                    EventLine(9_000, "click", campaign: "z"),
                ], [EventLine(9_000, "click", campaign: "y"), EventLine(9_000, "purchase")],
            ], ["basket 5 <- 0 a", "purchase 9000 <- 9000 y"]
        ),
        (
            "a click without a campaign is passed over, and so is the basket's own campaign",
            [
                [
                    EventLine(0, "click", campaign: "a"), EventLine(5, "click"), EventLine(6, "basket", campaign: "z"),
                    EventLine(6, "impression", campaign: "y"), EventLine(7, "view", campaign: "x"),
                ]
            ], ["basket 6 <- 0 a"]
        ),
        (
            "only clicks of the same customer of the same shop",
            [
                [
                    EventLine(0, "click", user: "v", campaign: "a"), EventLine(0, "click", tenant: "t", campaign: "b"),
                    EventLine(1, "basket"), EventLine(2, "basket", user: "v"),
                ]
            ], ["s/v basket 2 <- 0 a"]
        ),
        (
            "a click can win many; across the minute's edge",
            [
                [
                    EventLine(59_500, "click", campaign: "a"), EventLine(59_999, "basket"), EventLine(60_000, "basket"),
                    EventLine(60_000, "basket"), EventLine(60_000, "purchase"),
                    EventLine(59_999, "click", campaign: "b"),
                ]
            ],
            [
                "basket 59999 <- 59999 b", "basket 60000 <- 59999 b", "basket 60000 <- 59999 b",
                "purchase 60000 <- 59999 b",
            ]
        ),
    ]

    @Test("Edges", arguments: edges.indices)
    func edge(index: Int) async throws {
        let edge = Self.edges[index]
        let expected = edge.expected.map { $0.contains("/") ? $0 : "s/u \($0)" }
        #expect(Self.naive(edge.files) == expected, "the naive fold, \(edge.name)")
        for variant in [(1, 1_024), (2, 1)].map({ JobMatrix.Variant(parallelism: $0, batchSize: $1, seed: 3) }) {
            #expect(try await Self.attribute(edge.files, variant) == expected, "\(edge.name), \(variant)")
        }
    }

    @Test("Many crowded histories, against every pair", arguments: [301, 302] as [UInt64])
    func random(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        // Each shop is a history of its own; times are few, so that ties and window ends are hit.
        var files: [[EventLine]] = [[], [], []]
        for shop in 0..<40 {
            let unit = [1, 250, 1_000][shop % 3] as Int64
            for _ in 0..<30 {
                let campaign = ["", "a", "b", "c"][Int(random.next(below: 4))]
                let type = ["click", "click", "basket", "purchase", "view"][Int(random.next(below: 5))]
                let line = EventLine(
                    Int64(random.next(below: 30)) * unit, type, tenant: "s\(shop)", user: "u\(random.next(below: 2))",
                    campaign: campaign)
                files[Int(random.next(below: 3))].append(line)
            }
        }
        let expected = Self.naive(files)
        #expect(expected.count > 200, "seed \(seed)")
        let parallelism = Int(1 + seed % 2 * 2)
        let variant = JobMatrix.Variant(parallelism: parallelism, batchSize: 7, seed: seed)
        #expect(try await Self.attribute(files, variant) == expected, "seed \(seed), \(variant)")
    }
}
