/// Merges the signals of several inputs: watermarks and idleness by ``WatermarkMerger``, the end when all have ended.
@usableFromInline
struct SignalMerger {
    private var watermarks: WatermarkMerger
    private var ended: [Bool]

    @usableFromInline
    init(inputCount: Int) {
        watermarks = WatermarkMerger(inputCount: inputCount)
        ended = Array(repeating: false, count: inputCount)
    }

    /// Whether every input has ended.
    @usableFromInline var hasEnded: Bool { !ended.contains(false) }

    /// Takes a signal of one input and passes on what it changes for the merged stream.
    @usableFromInline
    mutating func receive(_ signal: Signal, from input: Int, _ pass: (Signal) throws -> Void) rethrows {
        switch signal {
        case .watermark(let watermark): try Self.pass(watermarks.advance(input, to: watermark), pass)
        case .idle: try Self.pass(watermarks.idle(input), pass)
        case .active: try Self.pass(watermarks.activate(input), pass)
        case .end:
            ended[input] = true
            try Self.pass(watermarks.advance(input, to: .max), pass)
            if hasEnded { try pass(.end) }
        }
    }

    /// Passes on a change of the merged watermark as signals.
    static func pass(_ change: WatermarkMerger.Change, _ pass: (Signal) throws -> Void) rethrows {
        if change.idle == false { try pass(.active) }
        if let watermark = change.watermark { try pass(.watermark(watermark)) }
        if change.idle == true { try pass(.idle) }
    }
}
