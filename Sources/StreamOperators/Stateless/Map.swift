public import StreamCore

extension DataStream {
    /// Turns each record into another one; timestamps stay.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - transform: the function. An error that it throws stops the job, which names the step.
    @inlinable @inline(__always)
    public func map<Output: Sendable, Failure: Error>(
        _ name: String?, _ transform: @escaping @Sendable (Element) throws(Failure) -> Output
    ) -> DataStream<Output> {
        attach(self.name(name, "map")) { context, outlet in
            let counters = context.counters
            let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
            var spare = Batch<Output>(capacity: context.batchSize)
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    let count = batch.count
                    counters.addIn(count)
                    counters.addOut(count)
                    if !isKnownUniquelyReferenced(&spare) || spare.capacity != batch.capacity {
                        spare = Batch(capacity: batch.capacity)
                    }
                    let from = batch.elements
                    let to = spare.elements
                    batch.count = 0
                    var done = 0
                    // Only an error leaves records behind.
                    defer { if done < count { (from + done).deinitialize(count: count - done) } }
                    while done < count {
                        (to + done).initialize(to: try transform((from + done).pointee))
                        (from + done).deinitialize(count: 1)
                        done &+= 1
                        spare.count = done
                    }
                    swap(&batch.timestamps, &spare.timestamps)
                    try outlet.push(spare)
                    if isKnownUniquelyReferenced(&spare) { spare.removeAll() }
                },
                onSharedBatch: { batch in
                    counters.addIn(batch.count)
                    for i in 0..<batch.count {
                        try collector.emit(try transform(batch.elements[i]), at: batch.timestamps[i])
                    }
                    try collector.flush()
                }, onSignal: { try outlet.signal($0) })
        }
    }

    /// Turns each record into another one in a step with a default name; see ``map(_:_:)``.
    @inlinable @inline(__always)
    public func map<Output: Sendable, Failure: Error>(
        _ transform: @escaping @Sendable (Element) throws(Failure) -> Output
    ) -> DataStream<Output> {
        map(nil, transform)
    }
}
