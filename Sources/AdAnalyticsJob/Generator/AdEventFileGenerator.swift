/// Writes a bounded file of realistic ad-shop events, the same bytes for the same options.
///
/// Users of several shops (tenants) come in sessions, see ads, click some, view products, fill baskets and buy; popular
/// campaigns and regular users are far ahead of the rest, and traffic follows the time of day (UTC). A line:
/// ```
/// {"event_id":"e-0123456789abcdef","event_time":1772323200123,"type":"basket","tenant":"shop-1","user":"u-1-000123",
///  "product":"p-1-0042","price_micros":19990000,"quantity":1}
/// ```
/// (without the break). Impressions, clicks and the view that a click leads to carry `campaign` and `ad`; other views,
/// baskets and purchases don't. All but impressions carry `product`; baskets and purchases `price_micros` and `quantity`.
///
/// Lines come in the order of arrival, each up to `outOfOrderMs` after its time: a line's time is at least the greatest
/// time above minus `outOfOrderMs`, both included. The flaws on top, in the shares asked for:
/// - late events, one to six hours behind in the file;
/// - duplicates, byte for byte, still within `outOfOrderMs` of their time;
/// - malformed lines: cut off, a word or a number beyond Int64 for the time, an unknown type, no user, binary junk,
///   invalid UTF-8. Each is one line, neither empty nor with a quote that would swallow the next lines of a CSV.
///
/// Memory is constant: the active sessions, the events on their way, and a few bytes per user.
public struct AdEventFileGenerator: Sendable {
    /// What to write.
    public let options: AdEventGeneratorOptions

    /// Creates a generator; the options are checked when it writes.
    public init(options: AdEventGeneratorOptions = AdEventGeneratorOptions()) {
        self.options = options
    }

    /// Writes the file and says what is in it.
    ///
    /// Blocks the thread for about a second per million events. The file is written as `path.partial`, synced and
    /// renamed: a file that was at `path` is replaced in one step, and after an error it is unchanged. Trying again is safe.
    ///
    /// - Throws: an error that names the path and a remedy, when an option is out of range or the disk refuses.
    public func write(to path: String) throws(AdEventGeneratorError) -> AdEventGeneratorSummary {
        if let flaw = options.flaw {
            throw AdEventGeneratorError(
                code: .invalidOptions, path: path, message: "invalid options", remedy: flaw)
        }
        var run = GeneratorRun(options: options, file: try GeneratorFile(path: path))
        return try run.complete()
    }
}

/// An event on its way to the file.
private struct GeneratorArrival: GeneratorScheduled {
    let due: Int64
    let number: Int
    let event: GeneratorEvent
    let isDuplicate: Bool
}

/// One generation: takes the traffic in event-time order and writes it in the order of arrival.
private struct GeneratorRun {
    private static let bufferSize = 1 << 20

    private let options: AdEventGeneratorOptions
    private let file: GeneratorFile
    private let lines: GeneratorLineFormat
    private var traffic: GeneratorTraffic
    private var random: GeneratorRandom
    private var onTheWay = GeneratorHeap<GeneratorArrival>()
    private var arrivals = 0
    private var buffer: [UInt8] = []
    private var summary = AdEventGeneratorSummary()
    private let lateness: Range<Int64>
    private let lateProbability: Double

    init(options: AdEventGeneratorOptions, file: GeneratorFile) {
        self.options = options
        self.file = file
        lines = GeneratorLineFormat(options)
        traffic = GeneratorTraffic(options)
        random = GeneratorRandom(seed: ~options.seed)
        buffer.reserveCapacity(Self.bufferSize + 4_096)
        let hour: Int64 = 3_600_000
        lateness = min(hour, options.span / 36)..<min(6 * hour, options.span / 6)
        // Events of the last hours can't be late any more before the file ends; the others make up for them.
        let mean = Double(lateness.lowerBound + lateness.upperBound) / 2
        lateProbability = options.lateShare / (0.97 - mean / Double(options.span))
    }

    mutating func complete() throws(AdEventGeneratorError) -> AdEventGeneratorSummary {
        lines.appendHeader(to: &buffer)
        for _ in 0..<options.events {
            let event = traffic.next()
            while let next = onTheWay.first, next.due < event.time, let arrival = onTheWay.popFirst() {
                try write(arrival)
            }
            send(event)
        }
        while let arrival = onTheWay.popFirst() { try write(arrival) }
        try file.write(buffer)
        try file.commit()
        summary.bytes = file.size
        return summary
    }

    /// Draws when the event arrives, and whether it does so twice.
    private mutating func send(_ event: GeneratorEvent) {
        let bound = options.outOfOrderMs
        if random.chance(lateProbability) {
            let due = event.time + bound + lateness.lowerBound + Int64(random.below(lateness.count))
            if due < options.start + options.span * 97 / 100 {
                return schedule(event, at: due, isDuplicate: false)
            }
        }
        let delay = random.chance(0.7) ? random.delay(0, min(bound, 500) + 1) : random.delay(0, bound + 1)
        schedule(event, at: event.time + delay, isDuplicate: false)
        if random.chance(options.duplicateShare) {
            let again = delay + Int64(random.below(Int(bound - delay) + 1))
            schedule(event, at: event.time + again, isDuplicate: true)
        }
    }

    private mutating func schedule(_ event: GeneratorEvent, at due: Int64, isDuplicate: Bool) {
        arrivals += 1
        onTheWay.insert(GeneratorArrival(due: due, number: arrivals, event: event, isDuplicate: isDuplicate))
    }

    private mutating func write(_ arrival: GeneratorArrival) throws(AdEventGeneratorError) {
        let event = arrival.event
        if random.chance(options.malformedShare) { writeMalformed(like: event) }
        lines.append(event, to: &buffer)
        summary.lines += 1
        if arrival.isDuplicate {
            summary.duplicates += 1
        } else {
            summary.events += 1
            summary.count(event.kind)
            if summary.events > 1, event.time < summary.lastTime - options.outOfOrderMs { summary.late += 1 }
        }
        summary.firstTime = min(summary.firstTime, event.time)
        summary.lastTime = max(summary.lastTime, event.time)
        if buffer.count >= Self.bufferSize {
            try file.write(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
    }

    private mutating func writeMalformed(like event: GeneratorEvent) {
        var copy = event
        copy.id = (1 << 48) + UInt64(summary.malformed)  // an id of its own
        let flaw = GeneratorLineFormat.Flaw(rawValue: random.below(GeneratorLineFormat.Flaw.allCases.count))
        lines.appendMalformed(copy, flaw: flaw ?? .truncated, random: &random, to: &buffer)
        summary.lines += 1
        summary.malformed += 1
    }
}
