public import StreamCore

extension DataStream {
    /// Turns each record into any number of records, with its timestamp.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - transform: the function. An error that it throws stops the job, which names the step.
    @inlinable @inline(__always)
    public func flatMap<Outputs: Sequence, Failure: Error>(
        _ name: String?, _ transform: @escaping @Sendable (Element) throws(Failure) -> Outputs
    ) -> DataStream<Outputs.Element> where Outputs.Element: Sendable {
        attach(self.name(name, "flatMap")) { context, outlet in
            let counters = context.counters
            let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
            return Inlet<Batch<Element>>(
                consumes: false,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    for i in 0..<batch.count {
                        for output in try transform(batch.elements[i]) {
                            try collector.emit(output, at: batch.timestamps[i])
                        }
                    }
                    try collector.flush()
                }, onSignal: { try outlet.signal($0) })
        }
    }

    /// Turns each record into any number of records in a step with a default name; see ``flatMap(_:_:)``.
    @inlinable @inline(__always)
    public func flatMap<Outputs: Sequence, Failure: Error>(
        _ transform: @escaping @Sendable (Element) throws(Failure) -> Outputs
    ) -> DataStream<Outputs.Element> where Outputs.Element: Sendable {
        flatMap(nil, transform)
    }
}
