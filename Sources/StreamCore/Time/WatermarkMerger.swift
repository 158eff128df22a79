public import StateBackend

/// Merges the watermarks of several inputs (splits, channels, the sides of a union or join) into one.
///
/// The merged watermark is the lowest of the inputs that count, and never regresses. An input counts unless it is
/// idle, or has come back from idleness and not yet caught up with the merged watermark. Before every input has a
/// watermark there is none. When the last input that is not idle goes idle, the merged watermark moves to the highest
/// of them and the merged stream is idle. (Follows Flink's `StatusWatermarkValve`.)
///
/// An input that reaches `Timestamp.max` has ended: it no longer holds the others back, but doesn't move them on to the
/// end either, since those that are idle may come back. Only when all have ended is the merged watermark `Timestamp.max`.
public struct WatermarkMerger: Sendable {
    /// What an update did to the merged stream.
    @frozen
    public struct Change: Sendable, Equatable {
        /// The merged watermark, when it rose.
        public var watermark: Timestamp?
        /// Whether the merged stream went idle (true) or came back (false), when it did either.
        public var idle: Bool?

        /// Nothing changed.
        public static let none = Change(watermark: nil, idle: nil)
    }

    struct Input: Sendable {
        var watermark = Timestamp.min
        var isIdle = false
        var isAligned = true
        /// Its last watermark before the end stays in `watermark`.
        var hasEnded = false
    }

    private var inputs: [Input]
    /// The merged watermark; `Timestamp.min` before there is one.
    public private(set) var watermark = Timestamp.min
    /// Whether every input that hasn't ended is idle.
    public private(set) var isIdle = false

    /// A merger of `inputCount` inputs, none of which has a watermark yet.
    public init(inputCount: Int) { inputs = Array(repeating: Input(), count: inputCount) }

    /// The number of inputs.
    public var inputCount: Int { inputs.count }

    /// Whether an input is idle.
    public func isIdle(_ input: Int) -> Bool { inputs[input].isIdle }

    /// The watermark of one input.
    public func watermark(ofInput input: Int) -> Timestamp {
        inputs[input].hasEnded ? .max : inputs[input].watermark
    }

    /// Input `input` has reached `watermark`; at `Timestamp.max` it has ended.
    ///
    /// A lower one than before is ignored.
    public mutating func advance(_ input: Int, to watermark: Timestamp) -> Change {
        guard watermark > inputs[input].watermark, !inputs[input].hasEnded else { return .none }
        guard watermark < .max else {
            inputs[input].hasEnded = true
            return leave()
        }
        inputs[input].watermark = watermark
        guard !inputs[input].isIdle else { return .none }
        if watermark >= self.watermark { inputs[input].isAligned = true }
        return Change(watermark: rise(to: lowest()), idle: nil)
    }

    /// Input `input` has gone idle.
    public mutating func idle(_ input: Int) -> Change {
        guard !inputs[input].isIdle, !inputs[input].hasEnded else { return .none }
        inputs[input].isIdle = true
        inputs[input].isAligned = false
        return leave()
    }

    /// What changes when an input no longer holds the others back.
    private mutating func leave() -> Change {
        let wasIdle = isIdle
        isIdle = !inputs.contains { !$0.isIdle && !$0.hasEnded }
        guard isIdle else { return Change(watermark: rise(to: lowest()), idle: nil) }
        guard inputs.contains(where: { !$0.hasEnded }) else {
            isIdle = false
            return Change(watermark: rise(to: .max), idle: wasIdle ? false : nil)
        }
        return Change(watermark: rise(to: inputs.map(\.watermark).max()), idle: wasIdle ? nil : true)
    }

    /// Input `input` is back from idleness.
    public mutating func activate(_ input: Int) -> Change {
        guard inputs[input].isIdle, !inputs[input].hasEnded else { return .none }
        inputs[input].isIdle = false
        inputs[input].isAligned = inputs[input].watermark >= watermark
        let wasIdle = isIdle
        isIdle = false
        return Change(watermark: nil, idle: wasIdle ? false : nil)
    }

    /// Adds an input, in the place of one that has ended if there is one besides the first.
    ///
    /// The merged watermark doesn't fall because of it: it stays until the input's own is higher, or the input is idle.
    mutating func addInput(watermark: Timestamp = .min, isIdle: Bool = false) -> (index: Int, change: Change) {
        let input = Input(watermark: watermark, isIdle: isIdle, isAligned: !isIdle)
        let index: Int
        if let free = inputs.indices.dropFirst().first(where: { inputs[$0].hasEnded }) {
            // How far it had come counts when all are idle.
            inputs[0].watermark = Swift.max(inputs[0].watermark, inputs[free].watermark)
            inputs[free] = input
            index = free
        } else {
            inputs.append(input)
            index = inputs.count - 1
        }
        guard self.isIdle, !isIdle else { return (index, .none) }
        self.isIdle = false
        return (index, Change(watermark: nil, idle: false))
    }

    /// From now on the merged watermark is at least `floor`, which has been passed on before.
    mutating func begin(at floor: Timestamp) { watermark = Swift.max(watermark, floor) }

    /// Takes over what another worker knew of the same inputs: of each the earlier.
    mutating func combine(_ other: WatermarkMerger) {
        for i in inputs.indices {
            // What one of them has ended or left idle still runs on the other.
            if inputs[i].hasEnded && !other.inputs[i].hasEnded {
                inputs[i] = other.inputs[i]
            } else if !other.inputs[i].hasEnded {
                inputs[i].watermark = Swift.min(inputs[i].watermark, other.inputs[i].watermark)
                inputs[i].isIdle = inputs[i].isIdle && other.inputs[i].isIdle
                inputs[i].isAligned = inputs[i].isAligned || other.inputs[i].isAligned
            }
        }
        watermark = Swift.min(watermark, other.watermark)
        isIdle = isIdle && other.isIdle
    }

    /// The lowest watermark of the inputs that count, or nil when none counts.
    private func lowest() -> Timestamp? {
        var lowest: Timestamp?
        for input in inputs where !input.isIdle && input.isAligned && !input.hasEnded {
            lowest = Swift.min(lowest ?? .max, input.watermark)
        }
        return lowest
    }

    private mutating func rise(to new: Timestamp?) -> Timestamp? {
        guard let new, new > watermark else { return nil }
        watermark = new
        for i in inputs.indices where !inputs[i].isIdle && inputs[i].watermark >= new { inputs[i].isAligned = true }
        return new
    }
}

extension WatermarkMerger: StateCodable {
    /// Writes the inputs' times and flags, and what was made of them.
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeVarint(UInt64(inputs.count))
        for input in inputs {
            try encoder.encode(input.watermark)
            let flags = (input.isIdle ? 1 : 0) | (input.isAligned ? 2 : 0) | (input.hasEnded ? 4 : 0)
            encoder.writeFixed(UInt8(flags))
        }
        try encoder.encode(watermark)
        try encoder.encode(isIdle)
    }

    /// Reads a merger.
    public init(decoding decoder: inout StateDecoder) throws {
        let count = try decoder.readCount()
        inputs = []
        for _ in 0..<count {
            let watermark: Timestamp = try decoder.decode()
            let flags: UInt8 = try decoder.readFixed()
            inputs.append(
                Input(
                    watermark: watermark, isIdle: flags & 1 != 0, isAligned: flags & 2 != 0, hasEnded: flags & 4 != 0))
        }
        watermark = try decoder.decode()
        isIdle = try decoder.decode()
    }
}
