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
        prepare(input.keys + run.lowerBound, hashes: input.hashes + run.lowerBound, count: run.count, ahead: 0)
        if Function.prefetches && !hasStore {
            addInTwoSteps(input, run, function)
        } else {
            addOneByOne(input, run, function)
        }
    }

    @inlinable @inline(__always)
    func addOneByOne<Function: WindowFunction>(
        _ input: KeyedBatch<Key, Function.Input>, _ run: Range<Int>, _ function: Function
    ) where Function.Key == Key, Function.Accumulator == Value {
        let elements = input.records.elements
        let timestamps = input.records.timestamps
        let keys = input.keys
        let hashes = input.hashes
        let end = run.upperBound
        let isLarge = isLarge
        let ahead = Self.recordsAhead
        var record = run.lowerBound
        if isLarge {
            for next in record..<Swift.min(record &+ ahead, end) { prefetch(hash: hashes[next]) }
        }
        while record < end {
            if isLarge && record &+ ahead < end { prefetch(hash: hashes[record &+ ahead]) }
            update(
                keys[record], hash: hashes[record],
                insert: { function.start(elements[record], at: timestamps[record]) },
                update: { function.add(elements[record], at: timestamps[record], to: &$0) })
            record &+= 1
        }
    }

    /// Finds the accumulators of some records, and asks for what adding the records to them will touch, before those of
    /// the records before are added to.
    ///
    /// An accumulator is found only once, against the table's invariant (3): where it lies is forgotten when a new key has
    /// moved others, which nothing else in here does.
    @inlinable @inline(__always)
    func addInTwoSteps<Function: WindowFunction>(
        _ input: KeyedBatch<Key, Function.Input>, _ run: Range<Int>, _ function: Function
    ) where Function.Key == Key, Function.Accumulator == Value {
        let elements = input.records.elements
        let timestamps = input.records.timestamps
        let keys = input.keys
        let hashes = input.hashes
        let end = run.upperBound
        let isLarge = isLarge
        let ahead = Self.recordsAhead
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Value>?.self, capacity: ahead) { found in
            // A record's accumulator; nil once the record is in it.
            guard let found = found.baseAddress else { return }
            // Accumulators of records before this one have to be looked for again.
            var moved = run.lowerBound
            var next = run.lowerBound
            if isLarge {
                for far in next..<Swift.min(next &+ ahead, end) { prefetch(hash: hashes[far]) }
            }
            while next < end &+ ahead {
                let record = next &- ahead
                if record >= run.lowerBound, record < end, let known = found[record & (ahead &- 1)] {
                    if let accumulator = record < moved ? find(keys[record], hash: hashes[record]) : known {
                        function.add(elements[record], at: timestamps[record], to: &accumulator.pointee)
                    }
                }
                if next < end {
                    if isLarge && next &+ ahead < end { prefetch(hash: hashes[next &+ ahead]) }
                    if let accumulator = find(keys[next], hash: hashes[next]) {
                        function.prefetch(elements[next], for: accumulator)
                        (found + (next & (ahead &- 1))).initialize(to: accumulator)
                    } else {
                        // The first record of its key: there is none before it that isn't added yet.
                        let new = function.start(elements[next], at: timestamps[next])
                        if insertNew(keys[next], hash: hashes[next], new) { moved = next }
                        (found + (next & (ahead &- 1))).initialize(to: nil)
                    }
                }
                next &+= 1
            }
        }
    }

    /// How many records' slots are asked for ahead of the one that is added; a power of two.
    @inlinable static var recordsAhead: Int { 16 }
}
