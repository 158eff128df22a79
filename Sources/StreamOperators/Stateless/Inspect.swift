public import StreamCore

extension DataStream {
    /// Calls `look` with each record and its timestamp, and passes the records on unchanged.
    ///
    /// Runs on every worker's thread; `look` must be safe to call from several.
    /// - Parameters:
    ///   - name: the step's name; by default its kind and number.
    ///   - onError: what becomes of a record for which `look` throws: with another policy than to fail, which is the
    ///     default, it is not passed on.
    ///   - look: the function.
    @inlinable @inline(__always)
    public func inspect<Failure: Error>(
        _ name: String? = nil, onError: ErrorPolicy = .fail,
        _ look: @escaping @Sendable (Element, Timestamp) throws(Failure) -> Void
    ) -> DataStream<Element> {
        // Formed here, where the caller's compiler sees the function: one that captures nothing is inlined.
        let visit = { @Sendable (batch: Batch<Element>, errors: ErrorHandler<Element>) throws in
            try batch.visit(errors) { (element, timestamp) throws(Failure) in try look(element, timestamp) }
        }
        return attach(self.name(name, "inspect")) { context, outlet in
            let counters = context.counters
            let errors = try context.errors(onError, for: Element.self)
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    try visit(batch, errors)
                    counters.addOut(batch.count)
                    try outlet.push(batch)
                }, onSignal: { try outlet.signal($0) })
        }
    }
}
