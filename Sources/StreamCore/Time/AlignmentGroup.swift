internal import Synchronization

/// The watermarks of the splits that wait for each other, over all workers of a job.
@usableFromInline
final class AlignmentGroup: Sendable {
    private struct State {
        /// A split's watermark; nil while it holds nobody back.
        var watermarks: [Timestamp?] = []
        /// The numbers of splits that have ended, for others.
        var free: [Int] = []
    }

    private let state = Mutex(State())

    init() {}

    /// Adds a split, which counts from now on; its number in the group.
    func join() -> Int {
        state.withLock { state in
            if let member = state.free.popLast() {
                state.watermarks[member] = .min
                return member
            }
            state.watermarks.append(.min)
            return state.watermarks.count - 1
        }
    }

    /// Split `member` has ended; another one may get its number.
    @usableFromInline
    func leave(_ member: Int) {
        state.withLock { state in
            state.watermarks[member] = nil
            state.free.append(member)
        }
    }

    /// Split `member` has reached `watermark`; nil when it is idle or has ended.
    @usableFromInline
    func note(_ member: Int, _ watermark: Timestamp?) { state.withLock { $0.watermarks[member] = watermark } }

    /// Whether a split at `watermark` is more than `drift` ahead of the lowest that counts.
    func isTooFarAhead(_ watermark: Timestamp, drift: Int64) -> Bool {
        guard let lowest = state.withLock({ state in state.watermarks.lazy.compactMap(\.self).min() }) else {
            return false
        }
        return watermark > lowest.advanced(byMilliseconds: drift) && watermark > lowest
    }
}
