internal import StateBackend

/// A step's copy on one worker, as the runtime knows it: its state, its wish for processing time, its inputs' times.
///
/// Used on the worker's thread only, and by the thread that builds the worker before.
@usableFromInline
final class StepInstance {
    let state: StepState
    let processingTime: ProcessingTime
    /// What to call when the state was loaded, with the step's watermark then.
    @usableFromInline var restored: [(Timestamp) throws -> Void] = []
    /// What the step knows of its inputs' watermarks, where it merges several.
    var inputTimes: (() -> [InputTime])?

    /// Where the splits of a source are.
    var splits: (() -> [SplitState])?

    /// Has a source read no further, end where it is, or go on.
    var control: ((SourceCommand) -> Void)?
    /// Has a transactional sink prepare what it was given.
    var prepare: (() throws -> Void)?
    /// Has a sink let go of what it holds.
    var close: (() throws -> Void)?

    init(state: StepState, processingTime: ProcessingTime) {
        self.state = state
        self.processingTime = processingTime
    }

    /// Lets go of the operator, which may hold on to its context and so to this instance.
    func release() {
        restored = []
        inputTimes = nil
        splits = nil
        control = nil
        prepare = nil
        close = nil
        processingTime.release()
    }
}

/// What a step that merges several inputs knows of one of them.
struct InputTime: Sendable {
    /// The split's description; nil where the input is another step or worker.
    var split: String?
    var watermark: Timestamp
    /// The processing time at which the watermark last rose.
    var since: Timestamp
    var isIdle: Bool
    var hasEnded: Bool
    /// Whether a split is held back because it is too far ahead.
    var isPaused = false

    /// Whether the input takes part in the merged watermark.
    var counts: Bool { !isIdle && !hasEnded }
}

/// What a source is told when a job is to stop.
enum SourceCommand: Sendable {
    /// Read no further.
    case pause
    /// Go on.
    case resume
    /// End as if all splits had ended; they stay where they are.
    case drain
}

/// Where a source is in one of its splits.
struct SplitState: Sendable {
    var split: String
    /// For people; nil where the source can't be restarted.
    var position: String?
    var watermark: Timestamp
}
