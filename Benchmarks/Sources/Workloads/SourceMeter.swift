internal import CBenchmark
internal import Synchronization

/// One source's part of a ``Meter``; one thread at a time reports, any may read.
public final class SourceMeter: Sendable {
    /// Events that this source will emit.
    let events: Int64
    /// Events of the warm-up, the first 40 %.
    let warmUp: Int64

    private let emittedCount = Atomic<Int64>(0)
    private let markWall = Atomic<Int64>(0)
    private let markCPU = Atomic<Int64>(0)

    init(events: Int64) {
        self.events = events
        warmUp = events * 2 / 5
        if warmUp == 0 { mark() }
    }

    /// Counts a batch that this source has handed on.
    public func emitted(_ count: Int) {
        let before = emittedCount.load(ordering: .relaxed)
        let after = before &+ Int64(count)
        if before < warmUp && after >= warmUp { mark() }
        emittedCount.store(after, ordering: .releasing)
    }

    var count: Int64 { emittedCount.load(ordering: .acquiring) }
    var isComplete: Bool { count == events }
    var warmUpWall: Int64 { markWall.load(ordering: .acquiring) }
    var warmUpCPU: Int64 { markCPU.load(ordering: .acquiring) }

    private func mark() {
        markWall.store(bench_wall_ns(), ordering: .relaxed)
        markCPU.store(bench_cpu_ns(), ordering: .relaxed)
    }
}
