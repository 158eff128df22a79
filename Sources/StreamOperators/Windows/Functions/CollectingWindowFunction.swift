public import StateBackend
public import StreamCore

/// A record with its event time, as windows keep it that need all their records.
public struct TimedElement<Element: Sendable>: Sendable {
    /// The record.
    public var element: Element
    /// Its event time.
    public var timestamp: Timestamp

    /// A record with its event time.
    @inlinable
    public init(_ element: Element, at timestamp: Timestamp) {
        self.element = element
        self.timestamp = timestamp
    }

    /// How records with their times are saved.
    @inlinable
    static var codec: StateCodec<TimedElement<Element>> {
        let elements = StateCodec<Element>.automatic
        return StateCodec<TimedElement<Element>>(
            of: { [elements.schema] },
            encode: { value, encoder in
                try encoder.encode(value.timestamp)
                try elements.encode(value.element, into: &encoder)
            },
            decode: { written in
                let elements = elements.reading(written, 0)
                return { decoder in
                    let timestamp: Timestamp = try decoder.decode()
                    return TimedElement(try elements.decode(&decoder), at: timestamp)
                }
            })
    }
}

extension TimedElement: Equatable where Element: Equatable {}

/// Keeps all records of a window, lets an evictor remove some, and hands them to what makes the results.
public struct CollectingWindowFunction<Key: StreamKey, Element: Sendable, Output: Sendable>: WindowFunction {
    /// The records.
    public typealias Input = Element
    /// All records, in the order of their arrival.
    public typealias Accumulator = [TimedElement<Element>]

    @usableFromInline let evictor: (any Evictor<Element>)?
    @usableFromInline let body: @Sendable ([TimedElement<Element>], borrowing WindowContext<Key, Output>) throws -> Void
    @usableFromInline let equals: (@Sendable ([TimedElement<Element>], [TimedElement<Element>]) -> Bool)?
    @usableFromInline let services: WindowServices
    @usableFromInline let errors: WindowErrors<Element>

    /// - Parameters:
    ///   - equals: whether the results of two lists of records, in order and after eviction, are the same; nil where
    ///     that can't be told.
    ///   - onError: what becomes of a window for which `body` throws.
    @inlinable
    init(
        evictor: (any Evictor<Element>)?, context: OperatorContext,
        equals: (@Sendable ([TimedElement<Element>], [TimedElement<Element>]) -> Bool)? = nil,
        onError: ErrorPolicy = .fail,
        _ body: @escaping @Sendable ([TimedElement<Element>], borrowing WindowContext<Key, Output>) throws -> Void
    ) throws {
        self.evictor = evictor
        self.body = body
        self.equals = equals
        services = WindowServices(context)
        errors = WindowErrors(try context.errors(onError, for: Element.self))
    }

    /// One record.
    @inlinable
    public func start(_ element: Element, at timestamp: Timestamp) -> Accumulator {
        [TimedElement(element, at: timestamp)]
    }

    /// Adds a record.
    @inlinable
    public func add(_ element: Element, at timestamp: Timestamp, to accumulator: inout Accumulator) {
        accumulator.append(TimedElement(element, at: timestamp))
    }

    /// Adds further records.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) { accumulator += other }

    /// Evicts, and hands the records over in the order of their times, those of equal time in that of their arrival.
    @inlinable
    public mutating func emit(
        _ accumulator: inout Accumulator, _ pane: PaneInfo<Key>, _ output: Collector<Output>
    ) throws {
        accumulator.sort { $0.timestamp < $1.timestamp }
        evictor?.evictBefore(&accumulator, in: pane.window)
        guard let first = accumulator.first else { return }
        do { try body(accumulator, WindowContext(pane: pane, output: output, services: services)) } catch {
            try errors.handler.dispose(first.element, at: pane.timestamp, error, from: nil, in: pane.text)
        }
        evictor?.evictAfter(&accumulator, in: pane.window)
    }

    /// The records in their order, without those that are evicted before the function sees them.
    @inlinable
    func remaining(_ records: Accumulator, in window: TimeWindow) -> Accumulator {
        var records = records
        records.sort { $0.timestamp < $1.timestamp }
        evictor?.evictBefore(&records, in: window)
        return records
    }

    /// Whether the results are known to be equal.
    @inlinable
    public func isSame(_ a: Accumulator, _ b: Accumulator, in window: TimeWindow) -> Bool {
        equals?(remaining(a, in: window), remaining(b, in: window)) ?? false
    }

    /// The records' codec.
    @inlinable
    public var accumulatorCodec: StateCodec<Accumulator> { TimedElement<Element>.codec.array }

    /// Passes on what was emitted to side outputs.
    @inlinable
    public mutating func flush() throws { try services.sides.flush() }
}

/// What disposes of a window for which its function throws.
///
/// Invariant (the reason for `@unchecked Sendable`): made for one worker's operator and used on its thread only.
@usableFromInline
final class WindowErrors<Element>: @unchecked Sendable {
    @usableFromInline let handler: ErrorHandler<Element>

    @inlinable
    init(_ handler: ErrorHandler<Element>) { self.handler = handler }
}

/// The side outputs and the clock that a window's function may use.
///
/// Invariant (the reason for `@unchecked Sendable`): made for one worker's operator and used on its thread only.
@usableFromInline
final class WindowServices: @unchecked Sendable {
    @usableFromInline let sides: SideCollectors
    @usableFromInline let clock: ProcessingTime

    @inlinable
    init(_ context: OperatorContext) {
        sides = SideCollectors(context)
        clock = context.processingTime
    }

    @inlinable
    var processingTime: Timestamp { clock.now }
}

/// What the function of a window's `process` can see and do.
///
/// Can't be kept.
public struct WindowContext<Key: StreamKey, Output: Sendable>: ~Copyable {
    /// Which pane of which window it is.
    public let pane: PaneInfo<Key>
    @usableFromInline let output: Collector<Output>
    @usableFromInline let services: WindowServices

    @inlinable
    init(pane: PaneInfo<Key>, output: Collector<Output>, services: WindowServices) {
        self.pane = pane
        self.output = output
        self.services = services
    }

    /// The key.
    @inlinable
    public var key: Key { pane.key }

    /// The window.
    @inlinable
    public var window: TimeWindow { pane.window }

    /// The watermark; `Timestamp.min` before there is one.
    @inlinable
    public var watermark: Timestamp { pane.watermark }

    /// The processing time, by the job's clock.
    @inlinable
    public var processingTime: Timestamp { services.processingTime }

    /// Emits a record, with the window's last millisecond as its time.
    @inlinable
    public func emit(_ element: Output) throws { try output.emit(element, at: pane.timestamp) }

    /// Emits a record to a side output of the step.
    @inlinable
    public func emit<Side: Sendable>(_ element: Side, to tag: SideOutput<Side>) throws {
        try services.sides.emit(element, to: tag, at: pane.timestamp)
    }
}
