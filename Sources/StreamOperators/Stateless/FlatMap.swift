public import StreamCore

extension DataStream {
    /// Turns each record into any number of records, with its timestamp.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - onError: what becomes of a record for which `transform` throws. By default the job fails.
    ///   - transform: the function.
    @inlinable @inline(__always)
    public func flatMap<Outputs: Sequence, Failure: Error>(
        _ name: String?, onError: ErrorPolicy = .fail,
        _ transform: @escaping @Sendable (Element) throws(Failure) -> Outputs
    ) -> DataStream<Outputs.Element> where Outputs.Element: Sendable {
        attach(self.name(name, "flatMap")) { context, outlet in
            let counters = context.counters
            let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
            let errors = try context.errors(onError, for: Element.self)
            return Inlet<Batch<Element>>(
                consumes: false,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    collector.origin = batch.origin
                    for i in 0..<batch.count {
                        let outputs: Outputs
                        do throws(Failure) { outputs = try transform(batch.elements[i]) } catch {
                            try errors.dispose(batch.elements[i], at: batch.timestamps[i], error, from: batch.origin)
                            continue
                        }
                        for output in outputs { try collector.emit(output, at: batch.timestamps[i]) }
                    }
                    try collector.flush()
                }, onSignal: { try outlet.signal($0) })
        }
    }

    /// Turns each record into any number of records in a step with a default name; see ``flatMap(_:onError:_:)``.
    @inlinable @inline(__always)
    public func flatMap<Outputs: Sequence, Failure: Error>(
        onError: ErrorPolicy = .fail, _ transform: @escaping @Sendable (Element) throws(Failure) -> Outputs
    ) -> DataStream<Outputs.Element> where Outputs.Element: Sendable {
        flatMap(nil, onError: onError, transform)
    }
}
