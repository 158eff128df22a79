internal import StateBackend

/// Merges the signals of several inputs: watermarks and idleness by ``WatermarkMerger``, the end when all have ended.
///
/// Made by ``OperatorContext/mergeInputs(_:)``.
public final class SignalMerger {
    private var watermarks: WatermarkMerger
    private var ended: [Bool]
    /// The processing time at which each input's watermark last rose.
    private var since: [Timestamp]
    private let clock: any ProcessingClock
    private var isLoaded = false

    init(inputCount: Int, clock: any ProcessingClock) {
        watermarks = WatermarkMerger(inputCount: inputCount)
        ended = Array(repeating: false, count: inputCount)
        since = Array(repeating: clock.now, count: inputCount)
        self.clock = clock
    }

    /// Whether every input has ended.
    @usableFromInline var hasEnded: Bool { !ended.contains(false) }

    /// The inputs' times.
    var inputTimes: [InputTime] {
        ended.indices.map { input in
            InputTime(
                watermark: watermarks.watermark(ofInput: input), since: since[input],
                isIdle: watermarks.isIdle(input), hasEnded: ended[input])
        }
    }

    /// Takes a signal of one input and passes on what it changes for the merged stream.
    public func receive(_ signal: Signal, from input: Int, _ pass: (Signal) throws -> Void) rethrows {
        switch signal {
        case .watermark(let watermark):
            since[input] = clock.now
            try Self.pass(watermarks.advance(input, to: watermark), pass)
        case .idle: try Self.pass(watermarks.idle(input), pass)
        case .active: try Self.pass(watermarks.activate(input), pass)
        case .end:
            ended[input] = true
            try Self.pass(watermarks.advance(input, to: .max), pass)
            if hasEnded { try pass(.end) }
        // The aligner lets one through when it has come to all inputs.
        case .barrier: try pass(signal)
        }
    }

    /// Passes on a change of the merged watermark as signals.
    static func pass(_ change: WatermarkMerger.Change, _ pass: (Signal) throws -> Void) rethrows {
        if change.idle == false { try pass(.active) }
        if let watermark = change.watermark { try pass(.watermark(watermark)) }
        if change.idle == true { try pass(.idle) }
    }

    /// From now on nothing but higher watermarks than `watermark` is passed on, which the step had before a restore.
    func begin(at watermark: Timestamp) { watermarks.begin(at: watermark) }

    /// The merger as part of a step's state.
    ///
    /// Of a snapshot with another parallelism an exchange can use nothing: its inputs are the workers. What merges other
    /// steps has the same inputs still, and combines what the workers knew.
    var statePart: WorkerValuePart {
        WorkerValuePart(
            write: { [self] in try $0.encode(watermarks) },
            read: { [self] in
                let loaded: WatermarkMerger = try $0.decode()
                guard loaded.inputCount == watermarks.inputCount else { return }
                if isLoaded { watermarks.combine(loaded) } else { watermarks = loaded }
                isLoaded = true
            })
    }
}

extension OperatorContext {
    /// A merger of the signals of several inputs, which is part of the step's state; one per step.
    public func mergeInputs(_ count: Int) -> SignalMerger { instance.mergeInputs(count) }
}

extension StepInstance {
    func mergeInputs(_ count: Int) -> SignalMerger {
        let merger = SignalMerger(inputCount: count, clock: processingTime.clock)
        inputTimes = { [unowned merger] in merger.inputTimes }
        restored.append { [unowned merger] in merger.begin(at: $0) }
        // The name is taken only when a step merges its inputs twice, which none does.
        try? state.add("weir.inputs", merger.statePart)
        return merger
    }
}
