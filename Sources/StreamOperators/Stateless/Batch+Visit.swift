public import StreamCore

extension Batch {
    /// Calls `body` with each record and its timestamp, which it may change, and takes out those for which it throws.
    @inlinable @inline(__always)
    func visit<Failure: Error>(
        _ errors: ErrorHandler<Element>, _ body: (Element, inout Timestamp) throws(Failure) -> Void
    ) throws {
        let count = count
        let elements = elements
        let timestamps = timestamps
        self.count = 0
        var done = 0
        var dropped = 0
        defer {
            // Only an error that stops the job leaves records behind.
            if done < count { (elements + done).deinitialize(count: count - done) }
            self.count = done &- dropped
        }
        while done < count {
            do throws(Failure) {
                while done < count {
                    try body((elements + done).pointee, &timestamps[done])
                    if dropped > 0 {
                        (elements + (done &- dropped)).moveInitialize(from: elements + done, count: 1)
                        timestamps[done &- dropped] = timestamps[done]
                    }
                    done &+= 1
                }
            } catch {
                try errors.dispose((elements + done).pointee, at: timestamps[done], error, from: origin)
                (elements + done).deinitialize(count: 1)
                done &+= 1
                dropped &+= 1
            }
        }
    }
}
