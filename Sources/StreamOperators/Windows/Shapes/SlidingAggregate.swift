public import StateBackend
public import StreamCore

/// A key's partial results per slice, with the total of the latest ones at a constant number of merges.
///
/// Two stacks (as in Tangwongsan et al., "General incremental sliding-window aggregation", 2015): new slices go on
/// `back`, whose sum is kept; `front` holds older slices as running totals from each to the newest of them, so that
/// the oldest can be taken off. When `front` is empty, `back` becomes the new `front`.
@frozen
@usableFromInline
struct SlidingAggregate<Function: WindowFunction> {
    @frozen
    @usableFromInline
    struct Part {
        @usableFromInline let slice: Int64
        @usableFromInline var accumulator: Function.Accumulator

        @inlinable
        init(slice: Int64, accumulator: Function.Accumulator) {
            self.slice = slice
            self.accumulator = accumulator
        }
    }

    /// The newest slice first.
    ///
    /// Each part holds the total from its slice to that of the first part.
    @usableFromInline var front: [Part] = []
    /// The oldest slice first; all are newer than those in `front`.
    @usableFromInline var back: [Part]
    @usableFromInline var backTotal: Function.Accumulator?

    @inlinable
    init(_ accumulator: Function.Accumulator, slice: Int64) {
        back = [Part(slice: slice, accumulator: accumulator)]
        backTotal = accumulator
    }

    /// Adds the partial result of a slice that is newer than all others.
    @inlinable
    mutating func append(_ accumulator: Function.Accumulator, slice: Int64, _ function: Function) {
        if let last = back.last ?? front.first, last.slice >= slice {
            // A late record was here first.
            merge(accumulator, slice: slice, function)
            return
        }
        back.append(Part(slice: slice, accumulator: accumulator))
        addToBackTotal(accumulator, function)
    }

    /// Adds a late record to a slice among the others.
    @inlinable
    mutating func insert(_ element: Function.Input, at timestamp: Timestamp, slice: Int64, _ function: Function) {
        merge(function.start(element, at: timestamp), slice: slice, function)
    }

    @inlinable
    mutating func merge(_ accumulator: Function.Accumulator, slice: Int64, _ function: Function) {
        if let newest = front.first, slice <= newest.slice {
            // Every total from this slice or an older one grows; the slice gets one of its own.
            var index = front.count
            while index > 0 && front[index - 1].slice < slice {
                function.merge(accumulator, into: &front[index - 1].accumulator)
                index -= 1
            }
            if index > 0 && front[index - 1].slice == slice {
                function.merge(accumulator, into: &front[index - 1].accumulator)
            } else if index > 0 {
                var total = front[index - 1].accumulator
                function.merge(accumulator, into: &total)
                front.insert(Part(slice: slice, accumulator: total), at: index)
            }
            return
        }
        let index = back.firstIndex { $0.slice >= slice } ?? back.count
        if index < back.count && back[index].slice == slice {
            function.merge(accumulator, into: &back[index].accumulator)
        } else {
            back.insert(Part(slice: slice, accumulator: accumulator), at: index)
        }
        addToBackTotal(accumulator, function)
    }

    @inlinable
    mutating func addToBackTotal(_ accumulator: Function.Accumulator, _ function: Function) {
        guard var total = backTotal else {
            backTotal = accumulator
            return
        }
        backTotal = nil
        function.merge(accumulator, into: &total)
        backTotal = total
    }

    /// The total of the slices from `start` on; older ones are forgotten.
    ///
    /// Nil when none is left.
    @inlinable
    mutating func total(from start: Int64, _ function: Function) -> Function.Accumulator? {
        while let oldest = front.last, oldest.slice < start { front.removeLast() }
        if front.isEmpty && !back.isEmpty {
            if back[0].slice >= start { return backTotal }
            turn(from: start, function)
        }
        guard var total = front.last?.accumulator else { return backTotal }
        if let backTotal { function.merge(backTotal, into: &total) }
        return total
    }

    /// Makes `back` the new `front`.
    @inlinable
    mutating func turn(from start: Int64, _ function: Function) {
        for part in back.reversed() where part.slice >= start {
            guard let newer = front.last else {
                front.append(part)
                continue
            }
            var total = part.accumulator
            function.merge(newer.accumulator, into: &total)
            front.append(Part(slice: part.slice, accumulator: total))
        }
        back.removeAll(keepingCapacity: true)
        backTotal = nil
    }

    /// How aggregates are saved.
    @usableFromInline
    static func codec(_ accumulators: StateCodec<Function.Accumulator>) -> StateCodec<Self> {
        let parts = StateCodec<Part>(
            encode: { part, encoder in
                try encoder.encode(part.slice)
                try accumulators.encode(part.accumulator, into: &encoder)
            },
            decode: { decoder in
                let slice: Int64 = try decoder.decode()
                return Part(slice: slice, accumulator: try accumulators.decode(&decoder))
            }
        ).array
        let total = accumulators.optional
        return StateCodec<Self>(
            encode: { value, encoder in
                try parts.encode(value.front, into: &encoder)
                try parts.encode(value.back, into: &encoder)
                try total.encode(value.backTotal, into: &encoder)
            },
            decode: { decoder in
                let front = try parts.decode(&decoder)
                let back = try parts.decode(&decoder)
                return SlidingAggregate(front: front, back: back, backTotal: try total.decode(&decoder))
            })
    }

    @usableFromInline
    init(front: [Part], back: [Part], backTotal: Function.Accumulator?) {
        self.front = front
        self.back = back
        self.backTotal = backTotal
    }
}
