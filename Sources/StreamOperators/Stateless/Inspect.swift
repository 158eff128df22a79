public import StreamCore

extension DataStream {
    /// Calls `look` with each record and its timestamp, and passes the records on unchanged.
    ///
    /// Runs on every worker's thread; `look` must be safe to call from several.
    /// - Parameters:
    ///   - name: the step's name; by default its kind and number.
    ///   - look: the function. An error that it throws stops the job, which names the step.
    @inlinable @inline(__always)
    public func inspect<Failure: Error>(
        _ name: String? = nil, _ look: @escaping @Sendable (Element, Timestamp) throws(Failure) -> Void
    ) -> DataStream<Element> {
        attach(self.name(name, "inspect")) { context, outlet in
            let counters = context.counters
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    counters.addOut(batch.count)
                    for i in 0..<batch.count { try look(batch.elements[i], batch.timestamps[i]) }
                    try outlet.push(batch)
                }, onSignal: { try outlet.signal($0) })
        }
    }
}
