public import StateBackend
public import StreamCore
internal import StreamFormats

/// Days, weeks, months, quarters or years of a time zone, as its clocks show them.
///
/// A day on which the clocks change lasts 23 or 25 hours, or whatever the zone does; see ``CalendarWindowAssigner``.
public struct CalendarWindows<Element: Sendable>: Windowing {
    @usableFromInline let assigner: CalendarWindowAssigner
    /// What is wrong with the zone's name, with the remedy, or nil.
    public let problem: String?

    /// Windows of a unit in the zone of the given name, such as `Europe/Berlin`, `UTC` or `+05:30`.
    ///
    /// A name that the system doesn't know is rejected when the pipeline is built.
    public init(_ unit: CalendarUnit, in zone: String) {
        do {
            assigner = CalendarWindowAssigner(unit, in: try TimeZoneRules(named: zone))
            problem = nil
        } catch {
            assigner = CalendarWindowAssigner(unit, in: .utc)
            problem = error.message
        }
    }

    /// The window that holds the time.
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        try body(assigner.find(timestamp.forWindows))
    }

    /// Attaches an operator with a table of keys per window.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        let alignment = CalendarAlignment(assigner)
        return stream.transform(name, needsEventTime: true) { context in
            try TumblingWindowOperator(try function(context), alignment, settings, context)
        }
    }
}

/// Windows of a calendar.
@frozen
@usableFromInline
struct CalendarAlignment: WindowAlignment {
    @usableFromInline var assigner: CalendarWindowAssigner

    @inlinable
    init(_ assigner: CalendarWindowAssigner) { self.assigner = assigner }

    @inlinable @inline(__always)
    mutating func window(of timestamp: Timestamp) -> TimeWindow { assigner.window(containing: timestamp) }
}

extension Windowing {
    /// Days, weeks, months, quarters or years of the time zone of this name, such as `Europe/Berlin`.
    public static func calendar<Record>(_ unit: CalendarUnit, in zone: String) -> Self
    where Self == CalendarWindows<Record> { CalendarWindows(unit, in: zone) }
}
