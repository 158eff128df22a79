public import Weir
internal import Synchronization
public import Workloads

/// Digests result rows as they arrive and keeps nothing.
public final class DigestSink<Element: Sendable>: Sink {
    @usableFromInline let add: @Sendable (Element, inout Digest) -> Void
    private let meter: Meter
    private let total = Mutex(Digest())

    /// A sink that adds each element's row by `add`.
    public init(_ meter: Meter, _ add: @escaping @Sendable (Element, inout Digest) -> Void) {
        self.meter = meter
        self.add = add
    }

    /// The digest of all workers' rows, after the run.
    public var digest: Digest { total.withLock { $0 } }

    /// A worker's writer.
    @inlinable
    public func makeWriter(_ context: SinkContext) -> DigestWriter<Element> { DigestWriter(sink: self) }

    @usableFromInline
    func finish(_ digest: Digest) {
        total.withLock { $0.add(digest) }
        meter.finished()
    }
}

/// Digests a worker's rows.
@frozen
public struct DigestWriter<Element: Sendable>: SinkWriter {
    @usableFromInline let sink: DigestSink<Element>
    @usableFromInline var digest = Digest()

    @inlinable
    init(sink: DigestSink<Element>) { self.sink = sink }

    /// Adds a batch.
    @inlinable
    public mutating func write(_ batch: Batch<Element>) {
        for i in 0..<batch.count { sink.add(batch.elements[i], &digest) }
    }

    /// Nothing is held back.
    @inlinable
    public mutating func flush() {}

    /// Adds this worker's digest to the whole.
    @inlinable
    public mutating func close() { sink.finish(digest) }
}
