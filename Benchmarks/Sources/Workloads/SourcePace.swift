internal import CBenchmark

/// Holds a source to a number of events per second of wall time, over all sources of the run.
///
/// Event `i` is due `i / rate` after the start. Where several are due within ``tick`` they are let go together, at most
/// that much late, so that a fast pace doesn't cost a wake-up and a batch per event. A source that has nothing due says so
/// once, so that its worker passes on what it holds; asked again it sleeps, but only for a tick where there are other
/// workers, which may have something for this one.
public struct SourcePace: Sendable {
    /// The longest time that a due event waits for others, in ns.
    public static let tick: Int64 = 200_000

    /// Whether a source that has nothing due sleeps when it is asked again.
    public var sleeps = true
    private let start: Int64
    private let nanosecondsPerEvent: Double
    private let longestSleep: Int64
    /// Every event below this index has been let go.
    private var released: Int64 = 0
    private var lastRelease: Int64 = 0
    private var hasSaidNothing = false

    /// The pace of a run's sources, once the meter has started; nil when the run isn't paced.
    public init?(_ parameters: RunParameters, _ meter: Meter) {
        guard parameters.throttle > 0 else { return nil }
        self.init(
            perSecond: Double(parameters.throttle), start: meter.paceStart, parallelism: parameters.parallelism)
    }

    /// A pace of so many events per second, of all of `parallelism` sources, from `start`, a time by `bench_wall_ns`.
    public init(perSecond rate: Double, start: Int64, parallelism: Int = 1) {
        self.start = start
        longestSleep = parallelism == 1 ? 1_000_000 : Self.tick
        nanosecondsPerEvent = 1e9 / rate
    }

    /// When event `index` is due, by `bench_wall_ns`.
    public func due(_ index: Int64) -> Int64 { start + Int64((Double(index) * nanosecondsPerEvent).rounded(.up)) }

    /// How many of the events `next`, `next + stride` and so on a source may make now, `most` at most.
    public mutating func allowance(next: Int64, stride: Int64, most: Int) -> Int {
        if next >= released && !release(next) {
            guard hasSaidNothing && sleeps else {
                hasSaidNothing = true
                return 0
            }
            bench_sleep_until(min(releaseTime(next), bench_wall_ns() + longestSleep))
            guard release(next) else { return 0 }
        }
        hasSaidNothing = false
        return Int(min(Int64(most), (released - next + stride - 1) / stride))
    }

    private func releaseTime(_ next: Int64) -> Int64 { max(due(next), lastRelease + Self.tick) }

    /// Lets go what is due, when event `next` is and a tick has passed; whether it did.
    private mutating func release(_ next: Int64) -> Bool {
        let now = bench_wall_ns()
        guard now >= releaseTime(next) else { return false }
        released = max(Int64(Double(now - start) / nanosecondsPerEvent), next) + 1
        lastRelease = now
        return true
    }
}
