public import StateBackend
public import StreamCore

extension StateTable {
    /// Adds a run of records to their keys' accumulators.
    ///
    /// While some records are added, the slots of the next ones' keys, and what their accumulators refer to, come from
    /// memory.
    @inlinable @inline(__always)
    func add<Function: WindowFunction>(
        _ input: KeyedBatch<Key, Function.Input>, _ run: Range<Int>, _ function: Function
    ) where Function.Key == Key, Function.Accumulator == Value {
        let elements = input.records.elements
        let timestamps = input.records.timestamps
        let keys = input.keys
        let hashes = input.hashes
        let end = run.upperBound
        let ahead = Self.keysAhead
        var record = run.lowerBound
        prepare(keys + record, hashes: hashes + record, count: run.count, ahead: ahead)
        if Function.prefetches { prefetch(function, input, record..<Swift.min(record &+ ahead, end)) }
        while record < end {
            let next = Swift.min(record &+ ahead, end)
            let afterNext = Swift.min(next &+ ahead, end)
            prefetch(hashes: hashes + next, count: afterNext &- next)
            if Function.prefetches { prefetch(function, input, next..<afterNext) }
            while record < next {
                update(
                    keys[record], hash: hashes[record],
                    insert: { function.start(elements[record], at: timestamps[record]) },
                    update: { function.add(elements[record], at: timestamps[record], to: &$0) })
                record &+= 1
            }
        }
    }

    @inlinable @inline(__always)
    func prefetch<Function: WindowFunction>(
        _ function: Function, _ input: KeyedBatch<Key, Function.Input>, _ records: Range<Int>
    ) where Function.Key == Key, Function.Accumulator == Value {
        let elements = input.records.elements
        for next in records {
            guard let accumulator = peekInMemory(input.keys[next], hash: input.hashes[next]) else { continue }
            function.prefetch(elements[next], for: accumulator.pointee)
        }
    }
}
