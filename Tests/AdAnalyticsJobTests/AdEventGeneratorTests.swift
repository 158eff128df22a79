import AdAnalyticsJob
import Foundation
import Testing

/// The generator against a naive recount of its file.
struct AdEventGeneratorTests {
    // MARK: A naive reader

    struct Line: Decodable {
        var event_id: String
        var event_time: Int64
        var type: String
        var tenant: String
        var user: String
        var campaign: String?
        var ad: String?
        var product: String?
        var price_micros: Int64?
        var quantity: Int64?
    }

    static let types: Set = ["impression", "click", "view", "basket", "purchase"]

    /// The event of a line, or nil if it is malformed.
    static func parse(_ bytes: Data, _ format: AdEventGeneratorOptions.Format) -> Line? {
        guard let text = String(bytes: bytes, encoding: .utf8) else { return nil }
        var line: Line
        switch format {
        case .jsonLines:
            guard let decoded = try? JSONDecoder().decode(Line.self, from: bytes) else { return nil }
            line = decoded
        case .csv:
            let fields = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 10, let time = Int64(fields[1]) else { return nil }
            line = Line(
                event_id: fields[0], event_time: time, type: fields[2], tenant: fields[3], user: fields[4],
                campaign: fields[5].isEmpty ? nil : fields[5], ad: fields[6].isEmpty ? nil : fields[6],
                product: fields[7].isEmpty ? nil : fields[7], price_micros: Int64(fields[8]),
                quantity: Int64(fields[9]))
        }
        return Self.types.contains(line.type) && !line.user.isEmpty ? line : nil
    }

    static func withDirectory<T>(_ body: (URL) throws -> T) throws -> T {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ad-events-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory)
    }

    /// Generates a file and returns its bytes.
    static func generate(_ options: AdEventGeneratorOptions) throws -> (Data, AdEventGeneratorSummary) {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("events")
            let summary = try AdEventFileGenerator(options: options).write(to: file.path)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["events"])
            return (try Data(contentsOf: file), summary)
        }
    }

    // MARK: Tests

    @Test("Same options, same bytes; another seed, others", arguments: AdEventGeneratorOptions.Format.allCases)
    func deterministic(format: AdEventGeneratorOptions.Format) throws {
        var options = AdEventGeneratorOptions()
        options.events = 5_000
        options.format = format
        let first = try Self.generate(options)
        let second = try Self.generate(options)
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
        options.seed += 1
        #expect(try Self.generate(options).0 != first.0)
    }

    /// Of every flaw about ten times the default, so that the shares can be judged.
    static func flawed(
        seed: UInt64, format: AdEventGeneratorOptions.Format = .jsonLines, hours: Int64 = 36, bound: Int64 = 5_000
    ) -> AdEventGeneratorOptions {
        var options = AdEventGeneratorOptions()
        options.seed = seed
        options.format = format
        options.events = 50_000
        options.users = 3_000
        options.span = hours * 3_600_000
        options.outOfOrderMs = bound
        options.lateShare = 0.01
        options.duplicateShare = 0.02
        options.malformedShare = 0.01
        return options
    }

    @Test(
        "The summary, the disorder bound and the shares hold in a recount of the file",
        arguments: [
            flawed(seed: 7), flawed(seed: 8, format: .csv), flawed(seed: 9, hours: 1), flawed(seed: 10, bound: 0),
            flawed(seed: 11, format: .csv, bound: 600_000),
        ])
    func recount(options: AdEventGeneratorOptions) throws {
        let (data, summary) = try Self.generate(options)
        let comment = Comment(rawValue: "seed \(options.seed)")
        var counted = AdEventGeneratorSummary()
        counted.bytes = Int64(data.count)
        var position: [Data: Int] = [:]
        var ids: Set<String> = []
        var ofType: [String: Int] = [:]
        var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(lines.popLast()?.isEmpty == true, "the last line ends with a line end")
        if options.format == .csv {
            let header = "event_id,event_time,type,tenant,user,campaign,ad,product,price_micros,quantity"
            #expect(lines.removeFirst() == Data(header.utf8))
        }
        let leastLateness = min(3_600_000, options.span / 36)
        for (index, line) in lines.enumerated() {
            counted.lines += 1
            guard let event = Self.parse(line, options.format) else {
                counted.malformed += 1
                #expect(!line.isEmpty, comment)
                continue
            }
            let behind = counted.lastTime == .min ? 0 : counted.lastTime - event.event_time
            if let first = position[line] {
                counted.duplicates += 1
                #expect(behind <= options.outOfOrderMs, "duplicate within the bound, \(comment)")
                #expect(index > first)
                continue
            }
            position[line] = index
            #expect(ids.insert(event.event_id).inserted, comment)
            counted.events += 1
            ofType[event.type, default: 0] += 1
            if behind > options.outOfOrderMs {
                counted.late += 1
                // The traffic is sparse here: the greatest time above may be a minute old itself.
                #expect(behind > leastLateness * 95 / 100, comment)
                #expect(behind <= 6 * leastLateness + options.outOfOrderMs, comment)
            }
            counted.firstTime = min(counted.firstTime, event.event_time)
            counted.lastTime = max(counted.lastTime, event.event_time)
            check(event)
        }
        counted.impressions = ofType["impression"] ?? 0
        counted.clicks = ofType["click"] ?? 0
        counted.views = ofType["view"] ?? 0
        counted.baskets = ofType["basket"] ?? 0
        counted.purchases = ofType["purchase"] ?? 0
        #expect(counted == summary, comment)

        #expect(summary.events == options.events)
        func share(_ part: Int, of whole: Int) -> Double { Double(part) / Double(whole) }
        let near = { (share: Double, wanted: Double) in abs(share - wanted) < 0.2 * wanted }
        #expect(near(share(summary.late, of: summary.events), options.lateShare), comment)
        #expect(near(share(summary.duplicates, of: summary.events), options.duplicateShare), comment)
        #expect(near(share(summary.malformed, of: summary.lines), options.malformedShare), comment)
        #expect(near(share(summary.clicks, of: summary.impressions), 0.037), comment)
        #expect(near(share(summary.baskets, of: summary.views), 0.08), comment)
        #expect(near(share(summary.purchases, of: summary.baskets), 0.35), comment)
        // The one-hour file is mostly the ramp of its first sessions.
        let end = share(Int(summary.lastTime - options.start), of: Int(options.span))
        #expect(abs(end - 1) < (options.span > 36_000_000 ? 0.03 : 0.3), comment)
    }

    private func check(_ event: Line) {
        let isPriced = event.type == "basket" || event.type == "purchase"
        #expect((event.price_micros != nil) == isPriced && (event.quantity != nil) == isPriced)
        #expect((event.product == nil) == (event.type == "impression"))
        if event.type != "view" { #expect((event.campaign == nil) == isPriced) }
        #expect((event.campaign == nil) == (event.ad == nil))
        #expect(event.user.hasPrefix("u-" + event.tenant.dropFirst("shop-".count)))
    }

    @Test("Click rates differ by campaign, and a few campaigns have most of the impressions")
    func campaigns() throws {
        let (data, _) = try Self.generate(Self.flawed(seed: 12))
        var figures: [String: (impressions: Int, clicks: Int)] = [:]
        for line in data.split(separator: 0x0A) {
            guard let event = Self.parse(line, .jsonLines), let campaign = event.campaign else { continue }
            if event.type == "impression" { figures[event.tenant + campaign, default: (0, 0)].impressions += 1 }
            if event.type == "click" { figures[event.tenant + campaign, default: (0, 0)].clicks += 1 }
        }
        #expect(figures.count == 48)
        let byImpressions = figures.values.sorted { $0.impressions > $1.impressions }
        let all = byImpressions.reduce(0) { $0 + $1.impressions }
        #expect(byImpressions.prefix(12).reduce(0) { $0 + $1.impressions } > all / 2)
        let rates = byImpressions.prefix(12).map { Double($0.clicks) / Double($0.impressions) }
        #expect(rates.allSatisfy { (0.005...0.08).contains($0) })
        #expect((rates.max() ?? 0) > 1.5 * (rates.min() ?? 0))
    }

    @Test("The smallest shops work", arguments: [0, 1, 2, 500])
    func smallest(events: Int) throws {
        var options = AdEventGeneratorOptions()
        options.events = events
        options.tenants = 3
        options.campaignsPerTenant = 1
        options.adsPerCampaign = 1
        options.productsPerTenant = 1
        options.users = 1
        options.span = 1_000
        options.start = -500
        options.malformedShare = 0.5
        let (data, summary) = try Self.generate(options)
        #expect(summary.events == events)
        #expect(data.filter { $0 == 0x0A }.count == summary.lines)
    }

    @Test("An option out of range is an error that says so")
    func invalidOptions() throws {
        let changes: [(String, @Sendable (inout AdEventGeneratorOptions) -> Void)] = [
            ("events", { $0.events = -1 }), ("tenants", { $0.tenants = 0 }), ("users", { $0.users = 0 }),
            ("campaignsPerTenant", { $0.campaignsPerTenant = 1_000 }), ("adsPerCampaign", { $0.adsPerCampaign = 0 }),
            ("productsPerTenant", { $0.productsPerTenant = 0 }), ("span", { $0.span = 0 }),
            ("start", { $0.start = .max }), ("outOfOrderMs", { $0.outOfOrderMs = -1 }),
            ("lateShare", { $0.lateShare = .nan }), ("duplicateShare", { $0.duplicateShare = 1 }),
            ("malformedShare", { $0.malformedShare = -0.1 }),
        ]
        for (name, change) in changes {
            var options = AdEventGeneratorOptions()
            change(&options)
            let error = #expect(throws: AdEventGeneratorError.self) {
                try AdEventFileGenerator(options: options).write(to: "/nowhere/events")
            }
            #expect(error?.code == .invalidOptions)
            #expect(error?.remedy.hasPrefix(name) == true)
        }
    }

    @Test("A path that can't be written is an error that names it, and leaves nothing behind")
    func unwritable() throws {
        var options = AdEventGeneratorOptions()
        options.events = 100
        try Self.withDirectory { directory in
            let missing = directory.appendingPathComponent("missing/events").path
            let inMissing = #expect(throws: AdEventGeneratorError.self) {
                try AdEventFileGenerator(options: options).write(to: missing)
            }
            #expect(inMissing?.code == .cannotCreate)
            #expect(inMissing?.description.contains(missing) == true)

            let taken = directory.appendingPathComponent("taken")
            try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
            let ontoDirectory = #expect(throws: AdEventGeneratorError.self) {
                try AdEventFileGenerator(options: options).write(to: taken.path)
            }
            #expect(ontoDirectory?.code == .cannotRename)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["taken"])
        }
    }
}
