/// The fixed number of groups into which keys are hashed, and their assignment to workers.
///
/// A key's group never changes, so that state can move between parallelisms group by group (as in Flink). Worker `w`
/// of `n` owns a contiguous range of groups.
@frozen
public struct KeyGroups: Sendable, Equatable {
    /// The number of groups, 1 through 32,768; also the highest useful parallelism.
    ///
    /// The default is 128.
    public let count: Int

    /// The number of groups that a job has unless it says otherwise.
    public static let defaultCount = 128

    /// The highest number of groups.
    public static let maximumCount = 32_768

    /// Groups of the given number, clamped to 1...32,768.
    public init(count: Int = KeyGroups.defaultCount) {
        self.count = Swift.min(Swift.max(count, 1), KeyGroups.maximumCount)
    }

    /// The group of a key with the given stable hash, 0 ..< `count`.
    ///
    /// Taken from the hash's top bits; tables take their slots from the low bits.
    @inlinable @inline(__always)
    public func group(ofHash hash: UInt64) -> Int {
        Int(truncatingIfNeeded: ((hash &>> 32) &* UInt64(truncatingIfNeeded: count)) &>> 32)
    }

    /// The lowest hash that belongs to `group`.
    public func hash(inGroup group: Int) -> UInt64 {
        let divisor = UInt64(count)
        return ((UInt64(group) << 32 + divisor - 1) / divisor) << 32
    }

    /// The worker that owns `group` among `parallelism` workers.
    @inlinable @inline(__always)
    public func worker(ofGroup group: Int, parallelism: Int) -> Int {
        group &* parallelism / count
    }

    /// The groups that `worker` owns among `parallelism` workers.
    public func range(ofWorker worker: Int, parallelism: Int) -> Range<Int> {
        let start = (worker * count + parallelism - 1) / parallelism
        let end = ((worker + 1) * count + parallelism - 1) / parallelism
        return start..<end
    }
}
