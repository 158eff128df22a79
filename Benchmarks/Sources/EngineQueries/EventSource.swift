public import Weir
public import Workloads

/// The events of a generator as a source: split p of P makes events p, p + P, p + 2P and so on.
@frozen
public struct EventSource<Generator: EventGenerator>: Source {
    /// The index of a split.
    public typealias Split = Int

    @usableFromInline let generator: Generator
    @usableFromInline let parameters: RunParameters
    @usableFromInline let meter: Meter

    /// A source of the run's events.
    @inlinable
    public init(_ generator: Generator, _ parameters: RunParameters, _ meter: Meter) {
        self.generator = generator
        self.parameters = parameters
        self.meter = meter
    }

    /// A split per worker.
    @inlinable
    public func splits(parallelism: Int) -> [Int] { Array(0..<parallelism) }

    /// A reader of a split.
    @inlinable
    public func makeReader(for split: Int) -> EventReader<Generator> { makeReader(for: split, first: Int64(split)) }

    /// A reader of what is left of a split.
    @inlinable
    public func makeReader(for split: Int, from position: SplitPosition) throws -> EventReader<Generator> {
        makeReader(for: split, first: try position.offset)
    }

    @inlinable
    func makeReader(for split: Int, first: Int64) -> EventReader<Generator> {
        meter.started()
        return EventReader(generator, parameters, meter, split, first: first)
    }
}

/// Makes the events of a split, all fields of each.
@frozen
public struct EventReader<Generator: EventGenerator>: SplitReader {
    @usableFromInline let generator: Generator
    @usableFromInline let meter: SourceMeter
    @usableFromInline let end: Int64
    @usableFromInline let stride: Int64
    @usableFromInline var next: Int64
    @usableFromInline var clock: EventClock
    @usableFromInline var unreported = 0
    @usableFromInline var pace: SourcePace?

    @inlinable
    init(_ generator: Generator, _ parameters: RunParameters, _ meter: Meter, _ split: Int, first: Int64) {
        self.generator = generator
        self.meter = meter.source(split)
        pace = SourcePace(parameters, meter)
        end = parameters.events
        stride = Int64(parameters.parallelism)
        next = first
        clock = EventClock(rate: parameters.rate, first: 0)
    }

    /// The number of the next event.
    @inlinable public var restartPosition: SplitPosition? { SplitPosition(next) }

    /// Makes a batch of events.
    @inlinable
    public mutating func read(into output: SourceOutput<Generator.Event>) -> ReadStatus {
        // Called for more: what was made before has been handed on.
        meter.emitted(unreported)
        unreported = 0
        var left = Int((end &- next &+ stride &- 1) / stride)
        guard left > 0 else { return .end }
        let (first, step) = (next, stride)
        if let allowance = pace?.allowance(next: first, stride: step, most: left) {
            guard allowance > 0 else { return .waiting }
            left = allowance
        }
        output.fill { out, room in
            let count = Swift.min(room, left)
            _ = generator.fill(out, count: count, first: next, stride: stride, clock: &clock)
            next &+= Int64(count) &* stride
            unreported = count
            return count
        }
        return .more
    }
}
