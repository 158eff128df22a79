public import StreamCore

extension DataStream {
    /// Keeps the records for which `isIncluded` is true.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - onError: what becomes of a record for which `isIncluded` throws. By default the job fails.
    ///   - isIncluded: the condition.
    @inlinable @inline(__always)
    public func filter<Failure: Error>(
        _ name: String?, onError: ErrorPolicy = .fail,
        _ isIncluded: @escaping @Sendable (Element) throws(Failure) -> Bool
    ) -> DataStream<Element> {
        // Formed here, where the caller's compiler sees the condition: one that captures nothing is inlined. It doesn't look
        // into closures inside of closures for that.
        let sift = {
            @Sendable
            (
                elements: UnsafeMutablePointer<Element>, timestamps: UnsafeMutablePointer<Timestamp>, count: Int,
                progress: inout LoopProgress
            ) throws(Failure) in
            var kept = progress.kept
            var done = progress.done
            defer { progress = LoopProgress(done: done, kept: kept) }
            if _isPOD(Element.self) {
                // Without a branch on the condition, which the processor could often not foresee.
                while done < count {
                    let isKept = try isIncluded((elements + done).pointee)
                    (elements + kept).update(from: elements + done, count: 1)
                    timestamps[kept] = timestamps[done]
                    kept &+= isKept ? 1 : 0
                    done &+= 1
                }
            }
            while done < count {
                if try isIncluded((elements + done).pointee) {
                    if kept < done {
                        (elements + kept).moveInitialize(from: elements + done, count: 1)
                        timestamps[kept] = timestamps[done]
                    }
                    kept &+= 1
                } else {
                    (elements + done).deinitialize(count: 1)
                }
                done &+= 1
            }
        }
        return attach(self.name(name, "filter")) { context, outlet in
            let counters = context.counters
            let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
            let errors = try context.errors(onError, for: Element.self)
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    let count = batch.count
                    counters.addIn(count)
                    let elements = batch.elements
                    let timestamps = batch.timestamps
                    batch.count = 0
                    var progress = LoopProgress()
                    defer {
                        if progress.done < count {
                            elements.deinitialize(count: progress.kept)
                            (elements + progress.done).deinitialize(count: count - progress.done)
                        }
                    }
                    while progress.done < count {
                        do throws(Failure) { try sift(elements, timestamps, count, &progress) } catch {
                            let failed = elements + progress.done
                            try errors.dispose(
                                failed.pointee, at: timestamps[progress.done], error, from: batch.origin)
                            failed.deinitialize(count: 1)
                            progress.done &+= 1
                        }
                    }
                    batch.count = progress.kept
                    counters.addOut(progress.kept)
                    try outlet.push(batch)
                },
                onSharedBatch: { batch in
                    // Only what is kept is copied.
                    counters.addIn(batch.count)
                    collector.origin = batch.origin
                    for i in 0..<batch.count {
                        let isKept: Bool
                        do throws(Failure) { isKept = try isIncluded(batch.elements[i]) } catch {
                            try errors.dispose(batch.elements[i], at: batch.timestamps[i], error, from: batch.origin)
                            continue
                        }
                        if isKept { try collector.emit(batch.elements[i], at: batch.timestamps[i]) }
                    }
                    try collector.flush()
                }, onSignal: { try outlet.signal($0) })
        }
    }

    /// Keeps the records for which `isIncluded` is true, in a step with a default name; see ``filter(_:onError:_:)``.
    @inlinable @inline(__always)
    public func filter<Failure: Error>(
        onError: ErrorPolicy = .fail, _ isIncluded: @escaping @Sendable (Element) throws(Failure) -> Bool
    ) -> DataStream<Element> {
        filter(nil, onError: onError, isIncluded)
    }
}
