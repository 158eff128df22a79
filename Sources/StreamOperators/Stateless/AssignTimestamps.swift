public import StreamCore

extension DataStream {
    /// Gives the records event time from their content, for streams whose source can't tell it: after a parser, say.
    ///
    /// Replaces timestamps and watermarks that the stream had. A worker that several splits flow through has one
    /// watermark for all of them; where the source can tell the time, let it, per split.
    /// - Parameters:
    ///   - name: the step's name; by default its kind and number.
    ///   - outOfOrderness: how far a record may be behind the newest one before it.
    ///   - onError: what becomes of a record for which `time` throws. By default the job fails.
    ///   - time: the event time of a record, in milliseconds since 1970-01-01 UTC.
    @inlinable @inline(__always)
    public func assignTimestamps<Failure: Error>(
        _ name: String? = nil, outOfOrderness: Duration, onError: ErrorPolicy = .fail,
        _ time: @escaping @Sendable (Element) throws(Failure) -> Timestamp
    ) -> DataStream<Element> {
        let stepName = self.name(name, "assignTimestamps")
        let bound = outOfOrderness.milliseconds
        if bound < 0 {
            builder.reject(stepName, "the out-of-orderness bound is negative; it must be zero or more")
        }
        // Formed here, where the caller's compiler sees the function: one that captures nothing is inlined.
        let stamp = {
            @Sendable (batch: Batch<Element>, errors: ErrorHandler<Element>, newest: inout Timestamp) throws in
            var latest = newest
            defer { newest = latest }
            try batch.visit(errors) { (element, timestamp) throws(Failure) in
                timestamp = try time(element)
                latest = Swift.max(latest, timestamp)
            }
        }
        return attach(stepName) { context, outlet in
            let counters = context.counters
            let errors = try context.errors(onError, for: Element.self)
            var newest = Timestamp.min
            var watermark = Timestamp.min
            context.onRestored { watermark = $0 }
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    try stamp(batch, errors, &newest)
                    counters.addOut(batch.count)
                    try outlet.push(batch)
                    // Not by `advanced`, which would keep `Timestamp.max`: the end of the input.
                    let (lowest, tooLow) = newest.subtractingReportingOverflow(bound)
                    let reached = tooLow || lowest == .min ? Timestamp.min : lowest &- 1
                    if reached > watermark {
                        watermark = reached
                        counters.note(watermark: watermark)
                        try outlet.signal(.watermark(watermark))
                    }
                },
                onSignal: { signal in
                    if case .watermark(let upstream) = signal {
                        if upstream < .max { return }
                        counters.note(watermark: upstream)
                    }
                    try outlet.signal(signal)
                })
        }
        .withEventTime()
    }
}
