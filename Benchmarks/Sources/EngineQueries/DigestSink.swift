internal import CBenchmark
public import Weir
internal import Synchronization
public import Workloads

/// Digests result rows as they arrive and keeps nothing.
public final class DigestSink<Element: Sendable>: Sink {
    /// Adds a batch's rows.
    @usableFromInline let add: @Sendable (Batch<Element>, inout Digest) -> Void
    /// The end of the window that an element is the result of; nil where lags aren't measured.
    let windowEnd: (@Sendable (Element) -> Timestamp)?
    let meter: Meter
    let parameters: RunParameters
    private let total = Mutex(Digest())

    /// A sink that adds each element's row by `add`, and in runs that want it measures the lag behind `windowEnd`.
    @inline(__always)
    public init(
        _ parameters: RunParameters, _ meter: Meter, windowEnd: (@Sendable (Element) -> Timestamp)? = nil,
        _ add: @escaping @Sendable (Element, inout Digest) -> Void
    ) {
        self.parameters = parameters
        self.meter = meter
        self.windowEnd = parameters.measuresLatency ? windowEnd : nil
        // Formed where `add` is known.
        self.add = { batch, digest in
            var sum = digest
            for i in 0..<batch.count { add(batch.elements[i], &sum) }
            digest = sum
        }
    }

    /// The digest of all workers' rows, after the run.
    public var digest: Digest { total.withLock { $0 } }

    /// A worker's writer.
    @inlinable
    public func makeWriter(_ context: SinkContext) -> DigestWriter<Element> { DigestWriter(sink: self) }

    @usableFromInline
    func finish(_ digest: Digest, _ lags: LatencyHistogram) {
        total.withLock { $0.add(digest) }
        meter.add(lags)
        meter.finished()
    }
}

/// Digests a worker's rows.
@frozen
public struct DigestWriter<Element: Sendable>: SinkWriter {
    @usableFromInline let sink: DigestSink<Element>
    @usableFromInline var digest = Digest()
    @usableFromInline var lags = LatencyHistogram()
    @usableFromInline let measuresLags: Bool
    /// Made with the first batch, when the sources have started.
    var lag: WindowLag?

    @usableFromInline
    init(sink: DigestSink<Element>) {
        self.sink = sink
        measuresLags = sink.windowEnd != nil
    }

    /// Adds a batch.
    @inlinable
    public mutating func write(_ batch: Batch<Element>) {
        if measuresLags { measure(batch) }
        sink.add(batch, &digest)
    }

    /// Notes how long after their windows' ends the rows of a batch have come.
    @usableFromInline
    mutating func measure(_ batch: Batch<Element>) {
        guard let windowEnd = sink.windowEnd else { return }
        let now = bench_wall_ns()
        lag = lag ?? WindowLag(sink.parameters, sink.meter)
        for i in 0..<batch.count {
            if let due = lag?.due(windowEnd: windowEnd(batch.elements[i])) { lags.add(now - due) }
        }
    }

    /// Nothing is held back.
    @inlinable
    public mutating func flush() {}

    /// Adds this worker's digest to the whole.
    @inlinable
    public mutating func close() { sink.finish(digest, lags) }
}
