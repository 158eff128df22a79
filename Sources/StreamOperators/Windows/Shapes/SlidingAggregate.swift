public import StateBackend
public import StreamCore

/// A key's partial results per slice, with the total of the latest ones at a constant number of merges.
///
/// Two stacks (as in Tangwongsan et al., "General incremental sliding-window aggregation", 2015): new slices go on the
/// back, whose sum is kept; the front holds older slices as running totals from each to the newest of them, so that the
/// oldest can be taken off. When the front is empty, the back becomes the new front. Both lie in one array, the front
/// first, and turning one into the other is done in place: a key has one piece of memory, which later keys use again.
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

    /// The oldest slice first.
    ///
    /// Those from `head` to `frontEnd` hold the total from their slice to that of the last of them; those before are
    /// forgotten, those after hold what their slice has. The array is the first field: see `prefetch`.
    @usableFromInline var parts: [Part]
    @usableFromInline var head: Int32 = 0
    @usableFromInline var frontEnd: Int32 = 0
    @usableFromInline var backTotal: Function.Accumulator?

    /// An aggregate of one slice.
    ///
    /// - Parameter memory: an empty array.
    @inlinable
    init(_ accumulator: Function.Accumulator, slice: Int64, in memory: [Part] = []) {
        parts = memory
        parts.append(Part(slice: slice, accumulator: accumulator))
        backTotal = accumulator
    }

    /// Adds the partial result of a slice that is newer than all others.
    @inlinable
    mutating func append(_ accumulator: Function.Accumulator, slice: Int64, _ function: Function) {
        if head < parts.count, let last = parts.last, last.slice >= slice {
            // A late record was here first.
            merge(accumulator, slice: slice, function)
            return
        }
        if parts.count == parts.capacity { forgetSome() }
        parts.append(Part(slice: slice, accumulator: accumulator))
        addToBackTotal(accumulator, function)
    }

    /// Adds a late record to a slice among the others.
    @inlinable
    mutating func insert(_ element: Function.Input, at timestamp: Timestamp, slice: Int64, _ function: Function) {
        merge(function.start(element, at: timestamp), slice: slice, function)
    }

    @inlinable
    mutating func merge(_ accumulator: Function.Accumulator, slice: Int64, _ function: Function) {
        let frontEnd = Int(frontEnd)
        if head < frontEnd, slice <= parts[frontEnd - 1].slice {
            // Every total from this slice or an older one grows; the slice gets one of its own.
            var index = Int(head)
            while parts[index].slice < slice {
                function.merge(accumulator, into: &parts[index].accumulator)
                index += 1
            }
            if parts[index].slice == slice {
                function.merge(accumulator, into: &parts[index].accumulator)
            } else if index < frontEnd {
                var total = parts[index].accumulator
                function.merge(accumulator, into: &total)
                parts.insert(Part(slice: slice, accumulator: total), at: index)
                self.frontEnd += 1
            }
            return
        }
        let index = parts[frontEnd...].firstIndex { $0.slice >= slice } ?? parts.count
        if index < parts.count && parts[index].slice == slice {
            function.merge(accumulator, into: &parts[index].accumulator)
        } else {
            parts.insert(Part(slice: slice, accumulator: accumulator), at: index)
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
        while head < frontEnd, parts[Int(head)].slice < start { head += 1 }
        if head == frontEnd && head < parts.count {
            if parts[Int(head)].slice >= start { return backTotal }
            turn(from: start, function)
        }
        // What has memory of its own gives it back soon.
        if !_isPOD(Part.self) { forgetSome() }
        guard head < frontEnd else { return backTotal }
        var total = parts[Int(head)].accumulator
        if let backTotal { function.merge(backTotal, into: &total) }
        return total
    }

    /// Makes the back the new front.
    @inlinable
    mutating func turn(from start: Int64, _ function: Function) {
        while head < parts.count, parts[Int(head)].slice < start { head += 1 }
        var index = parts.count - 2
        while index >= head {
            let newer = parts[index + 1].accumulator
            function.merge(newer, into: &parts[index].accumulator)
            index -= 1
        }
        frontEnd = Int32(truncatingIfNeeded: parts.count)
        backTotal = nil
    }

    /// Removes the parts that are forgotten, when they are enough of all to pay for moving the others.
    @inlinable
    mutating func forgetSome() {
        guard head > 0, Int(head) &* 4 >= parts.count else { return }
        parts.removeSubrange(0..<Int(head))
        frontEnd -= head
        head = 0
    }

    /// Asks the memory system for the parts of the aggregate at `place`.
    @inlinable @inline(__always)
    static func prefetch(_ place: UnsafePointer<SlidingAggregate>) {
        prefetchBody(of: place, lines: 2)
    }

    /// How aggregates are saved.
    @usableFromInline
    static func codec(_ accumulators: StateCodec<Function.Accumulator>) -> StateCodec<Self> {
        let parts = StateCodec<Part>(
            of: { [accumulators.schema] },
            encode: { part, encoder in
                try encoder.encode(part.slice)
                try accumulators.encode(part.accumulator, into: &encoder)
            },
            decode: { written in
                let accumulators = accumulators.reading(written, 0)
                return { decoder in
                    let slice: Int64 = try decoder.decode()
                    return Part(slice: slice, accumulator: try accumulators.decode(&decoder))
                }
            }
        ).array
        let total = accumulators.optional
        return StateCodec<Self>(
            of: { [parts.schema, total.schema] },
            encode: { value, encoder in
                // The front with its newest slice first.
                let frontEnd = Int(value.frontEnd)
                try parts.encode(value.parts[Int(value.head)..<frontEnd].reversed(), into: &encoder)
                try parts.encode(Array(value.parts[frontEnd...]), into: &encoder)
                try total.encode(value.backTotal, into: &encoder)
            },
            decode: { written in
                let parts = parts.reading(written, 0)
                let total = total.reading(written, 1)
                return { decoder in
                    let front = try parts.decode(&decoder)
                    let back = try parts.decode(&decoder)
                    return SlidingAggregate(front: front, back: back, backTotal: try total.decode(&decoder))
                }
            })
    }

    @usableFromInline
    init(front: [Part], back: [Part], backTotal: Function.Accumulator?) {
        parts = front.reversed() + back
        frontEnd = Int32(truncatingIfNeeded: front.count)
        self.backTotal = backTotal
    }
}
