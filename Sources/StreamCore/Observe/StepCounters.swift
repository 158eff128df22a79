public import Synchronization

/// What a step counts on one worker.
///
/// Written by the worker once per batch, read by anyone.
public final class StepCounters: Sendable {
    @usableFromInline let recordsIn = Atomic<Int>(0)
    @usableFromInline let recordsOut = Atomic<Int>(0)
    @usableFromInline let late = Atomic<Int>(0)
    @usableFromInline let rejected = Atomic<Int>(0)
    @usableFromInline let watermark = Atomic<Timestamp>(.min)
    @usableFromInline let newest = Atomic<Timestamp>(.min)

    init() {}

    /// Counts records that came in.
    @inlinable public func addIn(_ count: Int) { add(count, to: recordsIn) }

    /// Counts records that went out.
    @inlinable public func addOut(_ count: Int) { add(count, to: recordsOut) }

    /// Counts late records, those in a side output and those dropped.
    @inlinable public func addLate(_ count: Int) { add(count, to: late) }

    /// Counts records that became dead letters.
    @inlinable public func addRejected(_ count: Int) { add(count, to: rejected) }

    /// Notes the watermark.
    @inlinable public func note(watermark: Timestamp) { self.watermark.store(watermark, ordering: .relaxed) }

    /// The watermark noted last; `Timestamp.min` before there is one.
    var currentWatermark: Timestamp { watermark.load(ordering: .relaxed) }

    /// Notes the newest event time seen.
    @inlinable
    public func note(newest: Timestamp) {
        if newest > self.newest.load(ordering: .relaxed) { self.newest.store(newest, ordering: .relaxed) }
    }

    /// One writer per counter: no read-modify-write instruction is needed.
    @inlinable
    func add(_ count: Int, to counter: borrowing Atomic<Int>) {
        counter.store(counter.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }
}
