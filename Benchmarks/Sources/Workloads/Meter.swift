internal import CBenchmark
internal import Synchronization

/// Takes the figures of one run: when it began, when its steady state began, when the last row arrived.
///
/// The steady state begins when the sources have emitted 40 % of their events, as the mean over the sources of each
/// one's moment, and ends with the last row, which includes all that the final watermark flushes.
public final class Meter: Sendable {
    /// Figures of a run that has finished.
    public struct Measurement: Equatable, Sendable {
        /// First event to last row, in ns.
        public var run: Int64
        /// Events of the steady state.
        public var steadyEvents: Int64
        /// Wall time of the steady state, in ns.
        public var steadyWall: Double
        /// CPU time of the whole process over the steady state, in ns.
        public var steadyCPU: Double
        /// Start of the process to the first event, in ns; negative where the system doesn't tell.
        public var startup: Int64
    }

    private let sources: [SourceMeter]
    private let began = Atomic<Int64>(0)
    private let startup = Atomic<Int64>(-1)
    private let lastWall = Atomic<Int64>(0)
    private let lastCPU = Atomic<Int64>(0)
    private let lagged = Mutex(LatencyHistogram())

    /// Creates a meter for `events` events from `sources` sources, of which source p makes p, p + sources, ...
    public init(events: Int64, sources count: Int) {
        sources = (0..<Int64(count)).map { SourceMeter(events: (events - $0 + Int64(count) - 1) / Int64(count)) }
    }

    /// The part of source `index`, which calls ``SourceMeter/emitted(_:)`` once per batch.
    public func source(_ index: Int) -> SourceMeter { sources[index] }

    /// A source is about to make its first event; the first call counts.
    public func started() {
        let exchanged = began.compareExchange(
            expected: 0, desired: bench_wall_ns(), ordering: .acquiringAndReleasing
        ).exchanged
        if exchanged { startup.store(bench_process_age_ns(), ordering: .releasing) }
    }

    /// When event 0 of a paced run is due, by `bench_wall_ns`: some time after the first source has asked for it, so that
    /// all are there.
    public var paceStart: Int64 { began.load(ordering: .acquiring) + 200_000_000 }

    /// Lags of windows' results so far, in ns.
    public var lags: LatencyHistogram { lagged.withLock { $0 } }

    /// A sink has measured some lags.
    public func add(_ lags: LatencyHistogram) { lagged.withLock { $0.add(lags) } }

    /// A sink has its last row; the last call counts.
    public func finished() {
        lastWall.store(bench_wall_ns(), ordering: .releasing)
        lastCPU.store(bench_cpu_ns(), ordering: .releasing)
    }

    /// Events emitted so far by all sources.
    public var emitted: Int64 { sources.reduce(0) { $0 + $1.count } }

    /// The figures; nil unless the run has started, every source has emitted its events, and a sink has finished.
    public var measurement: Measurement? {
        let began = began.load(ordering: .acquiring)
        let lastWall = lastWall.load(ordering: .acquiring)
        guard began != 0, lastWall != 0, sources.allSatisfy(\.isComplete) else { return nil }
        let mean = { (value: (SourceMeter) -> Int64) in
            self.sources.reduce(0.0) { $0 + Double(value($1)) / Double(self.sources.count) }
        }
        return Measurement(
            run: lastWall - began,
            steadyEvents: sources.reduce(0) { $0 + $1.events - $1.warmUp },
            steadyWall: Double(lastWall - began) - mean { $0.warmUpWall - began },
            steadyCPU: Double(lastCPU.load(ordering: .acquiring)) - mean { $0.warmUpCPU },
            startup: startup.load(ordering: .acquiring))
    }
}
