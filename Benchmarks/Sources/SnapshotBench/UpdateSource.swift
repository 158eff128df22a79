import CBenchmark
import Foundation
import Synchronization
import Weir

/// How the bench and the source talk to each other.
final class Dial: Sendable {
    /// Whether the job may still update; the split ends when not.
    let isRunning = Atomic<Bool>(true)
    /// Keys that updates touch: 0 ..< span, or all.
    let span = Atomic<Int>(0)
    /// Whether updates are paused.
    let isPaused = Atomic<Bool>(false)
    /// Records handed out.
    let emitted = Atomic<Int>(0)
    /// The longest time between two batches since it was last set to 0, in ns.
    let longestPause = Atomic<Int64>(0)
    /// The most CPU time of the worker's thread between two batches since then, in ns.
    ///
    /// Beside other programs the time of the clock says little.
    let longestWork = Atomic<Int64>(0)
    /// When the first batch came.
    let first = Atomic<Int64>(0)
    /// How often each key was loaded at the beginning.
    let keys: Int

    init(keys: Int) {
        self.keys = keys
        span.store(keys, ordering: .relaxed)
    }

    /// The CPU time of the calling thread.
    static func threadCPU() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Forgets the longest gaps between batches.
    func forgetGaps() {
        longestPause.store(0, ordering: .relaxed)
        longestWork.store(0, ordering: .relaxed)
    }

    /// Records handed out per second, over about a while.
    func rate(overMilliseconds duration: Int64) -> Double {
        let start = bench_wall_ns()
        let before = emitted.load(ordering: .relaxed)
        while bench_wall_ns() - start < duration * 1_000_000 { usleep(10_000) }
        return Double(emitted.load(ordering: .relaxed) - before) * 1e9 / Double(bench_wall_ns() - start)
    }
}

/// Every key once, and then updates of keys at random, until the dial says stop.
struct UpdateSource: Source {
    let dial: Dial

    func splits(parallelism: Int) -> [Int] { [0] }

    func makeReader(for split: Int) -> UpdateReader { UpdateReader(dial: dial, next: 0) }

    func makeReader(for split: Int, from position: SplitPosition) throws -> UpdateReader {
        UpdateReader(dial: dial, next: Int(try position.offset))
    }
}

struct UpdateReader: SplitReader {
    let dial: Dial
    var next: Int
    private var last: Int64 = 0
    private var lastWork: Int64 = 0
    private var random: UInt64 = 1

    init(dial: Dial, next: Int) {
        self.dial = dial
        self.next = next
    }

    var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

    mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
        guard dial.isRunning.load(ordering: .relaxed) else { return .end }
        let now = bench_wall_ns()
        let work = Dial.threadCPU()
        if dial.first.load(ordering: .relaxed) == 0 { dial.first.store(now, ordering: .relaxed) }
        if dial.isPaused.load(ordering: .relaxed) {
            last = 0
            return .waiting
        }
        if last > 0 && now - last > dial.longestPause.load(ordering: .relaxed) {
            dial.longestPause.store(now - last, ordering: .relaxed)
        }
        if last > 0 && work - lastWork > dial.longestWork.load(ordering: .relaxed) {
            dial.longestWork.store(work - lastWork, ordering: .relaxed)
        }
        last = now
        lastWork = work
        let span = UInt64(dial.span.load(ordering: .relaxed))
        var count = 0
        while !output.isFull {
            if next < dial.keys {
                output.emit(next)
            } else {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                output.emit(Int((random >> 33) % span))
            }
            next += 1
            count += 1
        }
        dial.emitted.add(count, ordering: .relaxed)
        return .more
    }
}

/// Notes when the first record came.
struct FirstOutput: Sink {
    final class Time: Sendable {
        let value = Atomic<Int64>(0)
    }

    struct Writer: SinkWriter {
        let sink: FirstOutput

        mutating func write(_ batch: Batch<Int>) {
            if sink.time == 0 { sink.time = bench_wall_ns() }
        }

        mutating func flush() {}
        mutating func close() {}
    }

    private let first = Time()

    /// When the first record came, by the monotonic clock; 0 as long as none has.
    var time: Int64 {
        get { first.value.load(ordering: .relaxed) }
        nonmutating set { first.value.store(newValue, ordering: .relaxed) }
    }

    func makeWriter(_ context: SinkContext) -> Writer { Writer(sink: self) }
}
