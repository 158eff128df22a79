/// Collects an operator's output records into batches and passes them on.
///
/// An operator emits; the runtime flushes after each batch and before each signal, so that no record is overtaken by
/// the watermark that released it.
public final class Collector<Element: Sendable> {
    @usableFromInline @exclusivity(unchecked) var batch: Batch<Element>
    @usableFromInline let outlet: Outlet<Batch<Element>>
    @usableFromInline let counters: StepCounters?
    /// Where the records were read of which those that are emitted now were made; nil when that is not known.
    ///
    /// Set it before the records of a batch are processed, after a ``flush()``.
    @exclusivity(unchecked) public var origin: BatchOrigin?

    /// A collector that passes batches of up to `batchSize` records to `outlet`, and counts them in `counters`.
    @inlinable
    public init(outlet: Outlet<Batch<Element>>, batchSize: Int, counters: StepCounters? = nil) {
        self.outlet = outlet
        self.counters = counters
        batch = Batch(capacity: batchSize)
    }

    /// Emits a record.
    @inlinable @inline(__always)
    public func emit(_ element: consuming Element, at timestamp: Timestamp) throws {
        batch.append(element, at: timestamp)
        if batch.isFull { try flush() }
    }

    /// Passes on what was emitted.
    @inlinable
    public func flush() throws {
        guard batch.count > 0 else { return }
        counters?.addOut(batch.count)
        batch.origin = origin
        try outlet.push(batch)
        // The batch is used again, unless somebody downstream has kept it.
        if isKnownUniquelyReferenced(&batch) {
            batch.removeAll()
        } else {
            batch = Batch(capacity: batch.capacity)
        }
    }
}
