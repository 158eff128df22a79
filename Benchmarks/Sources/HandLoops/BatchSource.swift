internal import Workloads

/// Batches of complete records of a generator, in event order.
struct BatchSource<Generator: EventGenerator>: ~Copyable where Generator.Event: BitwiseCopyable {
    /// How many records ahead a loop prefetches: about what the core keeps in flight.
    static var ahead: Int { 16 }

    /// The records of the batch that ``next()`` made, and room for `ahead` more whose content means nothing.
    let records: UnsafeMutablePointer<Generator.Event>
    /// No record of this batch or of a later one has a timestamp below this: its watermark is one less.
    private(set) var progress: Int64
    /// Index of the first event of the batch.
    private(set) var first: Int64 = 0

    private let generator: Generator
    private let capacity: Int
    private let meter: Meter
    private let source: SourceMeter
    private var left: Int64
    private var count = 0
    private var clock: EventClock
    private var pace: SourcePace?

    init(_ generator: Generator, _ parameters: RunParameters, _ meter: Meter) {
        self.generator = generator
        // A batch spans less than half a window (4 s at most), so that no more than two windows are ever open.
        let span = min(4000, (parameters.windowMilliseconds - EventClock.jitter) / 2)
        capacity = Int(min(Int64(parameters.batch), max(1, generator.rate * span / 1000)))
        records = .allocate(capacity: capacity + Self.ahead)
        for at in 0..<(capacity + Self.ahead) { (records + at).initialize(to: generator.event(0)) }
        self.meter = meter
        source = meter.source(0)
        left = parameters.events
        progress = EventClock.origin
        clock = EventClock(rate: generator.rate, first: 0)
        meter.started()
        pace = SourcePace(parameters, meter)
    }

    deinit { records.deallocate() }

    /// Makes the next batch and returns its length, 0 at the end of the input.
    @inline(__always)
    mutating func next() -> Int {
        source.emitted(count)
        first &+= Int64(count)
        count = Int(min(Int64(capacity), left))
        guard count > 0 else { return 0 }
        if pace != nil { count = paced(count) }
        left &-= Int64(count)
        progress = EventClock.origin &+ clock.advance(to: first)
        _ = generator.fill(records, count: count, first: first, stride: 1, clock: &clock)
        return count
    }

    /// Waits until at least one of the next `most` events is due, and says how many are.
    @inline(never)
    private mutating func paced(_ most: Int) -> Int {
        while true {
            let allowance = pace?.allowance(next: first, stride: 1, most: most) ?? most
            if allowance > 0 { return allowance }
        }
    }

    /// The largest batch.
    var batchCapacity: Int { capacity }
}
