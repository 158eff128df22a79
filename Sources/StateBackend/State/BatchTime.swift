internal import Synchronization

/// The time by which a worker's values expire, to be read on any thread: a store drops no row before it has ended there.
@usableFromInline
final class BatchTime: Sendable {
    private let time = Atomic<Int64>(.min)

    /// The time.
    var read: @Sendable () -> Int64 { { self.time.load(ordering: .relaxed) } }

    func set(_ now: Int64) { time.store(now, ordering: .relaxed) }
}
