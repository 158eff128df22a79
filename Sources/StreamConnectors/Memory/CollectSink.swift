public import StreamCore
internal import Synchronization

/// Collects records in memory, for tests and small results.
public final class CollectSink<Element: Sendable>: Sink {
    private let collected = Mutex<[(Element, Timestamp)]>([])

    /// An empty sink.
    public init() {}

    /// The records so far: in order per worker, the workers' interleaved by batch.
    public var elements: [Element] { collected.withLock { $0.map(\.0) } }

    /// The records so far with their timestamps.
    public var timestamped: [(element: Element, timestamp: Timestamp)] { collected.withLock { $0.map { ($0, $1) } } }

    /// A worker's writer.
    public func makeWriter(_ context: SinkContext) -> CollectWriter<Element> { CollectWriter(sink: self) }

    func append(_ batch: Batch<Element>) {
        // Copied out first: a lock's body may not capture the batch.
        let records = (0..<batch.count).map { (batch.elements[$0], batch.timestamps[$0]) }
        collected.withLock { $0.append(contentsOf: records) }
    }
}

/// Hands a worker's records to the sink.
public struct CollectWriter<Element: Sendable>: SinkWriter {
    let sink: CollectSink<Element>

    /// Adds a batch.
    public mutating func write(_ batch: Batch<Element>) { sink.append(batch) }
    /// Nothing is held back.
    public mutating func flush() {}
    /// Nothing to do.
    public mutating func close() {}
}
