internal import Synchronization
public import Weir

/// What comes out of a step, in its order: records and signals.
public enum OutputEvent<Element: Sendable>: Sendable {
    /// A record with its timestamp.
    case record(Element, at: Timestamp)
    /// A signal.
    case signal(Signal)
}

extension OutputEvent {
    /// The record; nil for a signal.
    public var record: Element? { if case .record(let element, _) = self { element } else { nil } }
}

extension OutputEvent: Equatable where Element: Equatable {}

extension OutputEvent: CustomStringConvertible {
    /// A record as `element@time`, a watermark as `w9`, the one at the end as `end`.
    public var description: String {
        switch self {
        case .record(let element, let time): "\(element)@\(time)"
        case .signal(.watermark(let time)): time == .max ? "end" : "w\(time)"
        case .signal(let signal): "\(signal)"
        }
    }
}

/// Keeps everything that passes a point of a stream, signals included.
///
/// With several workers their events are interleaved batch by batch.
public final class OutputLog<Element: Sendable>: Sendable {
    private let log = Mutex<[OutputEvent<Element>]>([])

    /// An empty log.
    public init() {}

    /// The events so far.
    public var events: [OutputEvent<Element>] { log.withLock { $0 } }

    /// The records so far.
    public var records: [Element] { events.compactMap(\.record) }

    /// The records that came since they were last taken.
    public func take() -> [Element] {
        log.withLock { events in
            defer { events = [] }
            return events.compactMap(\.record)
        }
    }

    func append(_ events: [OutputEvent<Element>]) { log.withLock { $0.append(contentsOf: events) } }
}

extension DataStream {
    /// Writes every record and signal of this stream to `log`, and passes them on.
    @discardableResult
    public func logged(_ name: String, in log: OutputLog<Element>) -> DataStream<Element> {
        attach(name) { _, outlet in
            Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    log.append((0..<batch.count).map { .record(batch.elements[$0], at: batch.timestamps[$0]) })
                    try outlet.push(batch)
                },
                onSignal: { signal in
                    if case .barrier = signal {} else { log.append([.signal(signal)]) }
                    try outlet.signal(signal)
                })
        }
    }
}
