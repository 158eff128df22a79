public import StreamCore

extension DataStream {
    /// Turns each record into another one; timestamps stay.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - onError: what becomes of a record for which `transform` throws. By default the job fails.
    ///   - transform: the function.
    @inlinable @inline(__always)
    public func map<Output: Sendable, Failure: Error>(
        _ name: String?, onError: ErrorPolicy = .fail,
        _ transform: @escaping @Sendable (Element) throws(Failure) -> Output
    ) -> DataStream<Output> {
        // Formed here, where the caller's compiler sees the function: one that captures nothing is inlined, and its results
        // are written where they belong. (Taken from the stack, where a call leaves them, they cost a stall each.)
        let convert = {
            @Sendable
            (
                from: UnsafeMutablePointer<Element>, to: UnsafeMutablePointer<Output>, count: Int, done: inout Int
            ) throws(Failure) in
            while done < count {
                (to + done).initialize(to: try transform((from + done).pointee))
                (from + done).deinitialize(count: 1)
                done &+= 1
            }
        }
        return attach(self.name(name, "map")) { context, outlet in
            let counters = context.counters
            let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
            let errors = try context.errors(onError, for: Element.self)
            var spare = Batch<Output>(capacity: context.batchSize)
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    let count = batch.count
                    counters.addIn(count)
                    if !isKnownUniquelyReferenced(&spare) || spare.capacity != batch.capacity {
                        spare = Batch(capacity: batch.capacity)
                    }
                    let from = batch.elements
                    let to = spare.elements
                    let timestamps = batch.timestamps
                    batch.count = 0
                    var done = 0
                    var dropped = 0
                    do {
                        defer {
                            spare.count = done &- dropped
                            // Only an error leaves records behind.
                            if done < count { (from + done).deinitialize(count: count - done) }
                        }
                        while done < count {
                            let start = done
                            var failure: Failure?
                            do throws(Failure) { try convert(from, to - dropped, count, &done) } catch {
                                failure = error
                            }
                            if dropped > 0 {
                                (timestamps + (start &- dropped)).update(from: timestamps + start, count: done &- start)
                            }
                            if let failure {
                                try errors.dispose(
                                    (from + done).pointee, at: timestamps[done], failure, from: batch.origin)
                                (from + done).deinitialize(count: 1)
                                done &+= 1
                                dropped &+= 1
                            }
                        }
                    }
                    counters.addOut(count &- dropped)
                    swap(&batch.timestamps, &spare.timestamps)
                    spare.origin = batch.origin
                    try outlet.push(spare)
                    if isKnownUniquelyReferenced(&spare) { spare.removeAll() }
                },
                onSharedBatch: { batch in
                    counters.addIn(batch.count)
                    collector.origin = batch.origin
                    for i in 0..<batch.count {
                        let output: Output
                        do throws(Failure) { output = try transform(batch.elements[i]) } catch {
                            try errors.dispose(batch.elements[i], at: batch.timestamps[i], error, from: batch.origin)
                            continue
                        }
                        try collector.emit(output, at: batch.timestamps[i])
                    }
                    try collector.flush()
                }, onSignal: { try outlet.signal($0) })
        }
    }

    /// Turns each record into another one in a step with a default name; see ``map(_:onError:_:)``.
    @inlinable @inline(__always)
    public func map<Output: Sendable, Failure: Error>(
        onError: ErrorPolicy = .fail, _ transform: @escaping @Sendable (Element) throws(Failure) -> Output
    ) -> DataStream<Output> {
        map(nil, onError: onError, transform)
    }
}
