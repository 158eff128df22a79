internal import Synchronization
public import Weir

/// A source that a test feeds while the pipeline runs: records, watermarks, idleness, the end.
///
/// ```swift
/// let clicks = TestInput<Click>("clicks")
/// let test = try TestPipeline { p in p.input(clicks).keyBy(\.user) … }
/// clicks.send(click, at: 5)
/// clicks.watermark(9)
/// try test.settle()
/// ```
/// What was sent is read once; a pipeline that is started again goes on with what is left.
public final class TestInput<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var queues: [[ScriptStep<Element>]]
        /// The number of steps that were read of each split; a restarted reader sets it back.
        var taken: [Int]
        var hasEnded: [Bool]
    }

    /// The source step's name.
    public let name: String
    /// The number of splits.
    public let splitCount: Int
    private let state: Mutex<State>

    /// An input without records.
    ///
    /// - Parameters:
    ///   - name: the source step's name, unique in the pipeline.
    ///   - splits: the number of splits; each has its own watermark.
    public init(_ name: String, splits: Int = 1) {
        self.name = name
        splitCount = max(splits, 1)
        state = Mutex(
            State(
                queues: Array(repeating: [], count: splitCount), taken: Array(repeating: 0, count: splitCount),
                hasEnded: Array(repeating: false, count: splitCount)))
    }

    /// Sends a record of this event time.
    public func send(_ element: Element, at time: Timestamp, split: Int = 0) {
        play([.record(element, at: time)], split: split)
    }

    /// Raises a split's watermark: what was sent before comes before it.
    public func watermark(_ time: Timestamp, split: Int = 0) { play([.watermark(time)], split: split) }

    /// Says that a split is read to its end for now: it is idle until something is sent to it.
    public func idle(split: Int = 0) { play([.caughtUp], split: split) }

    /// Sends several steps.
    public func play(_ steps: [ScriptStep<Element>], split: Int = 0) {
        state.withLock { $0.queues[split] += steps }
    }

    /// Ends a split; nothing can follow.
    public func end(split: Int) { state.withLock { $0.hasEnded[split] = true } }

    /// Ends all splits; nothing can follow.
    public func end() { for split in 0..<splitCount { end(split: split) } }

    /// Plays a split's steps to `output`, as a script's reader does; a split without steps just waits.
    fileprivate func taken(_ split: Int) -> Int { state.withLock { $0.taken[split] } }

    fileprivate func goBack(_ split: Int, to taken: Int) { state.withLock { $0.taken[split] = taken } }

    fileprivate func read(_ split: Int, into output: SourceOutput<ScriptedRecord<Element>>) -> ReadStatus {
        state.withLock { state in
            while state.taken[split] < state.queues[split].count && !output.isFull {
                let step = state.queues[split][state.taken[split]]
                state.taken[split] += 1
                switch step {
                case .record(let element, let time): output.emit(ScriptedRecord(element: element, time: time))
                case .watermark(let time):
                    output.emit(ScriptedRecord(element: nil, time: time))
                    return .more
                case .batchEnd: return .more
                case .caughtUp: return .caughtUp
                }
            }
            if state.taken[split] < state.queues[split].count { return .more }
            return state.hasEnded[split] ? .end : .waiting
        }
    }
}

/// The splits of a ``TestInput``.
public struct TestInputSource<Element: Sendable>: Source {
    let input: TestInput<Element>

    /// A source of what a test sends to `input`; ``StreamTesting/Weir/PipelineBuilder/input(_:idleness:)`` is shorter
    /// where the stream has event time.
    public init(input: TestInput<Element>) { self.input = input }

    /// The splits' numbers.
    public func splits(parallelism: Int) -> [Int] { Array(0..<input.splitCount) }

    /// A reader of a split.
    public func makeReader(for split: Int) -> TestInputReader<Element> { TestInputReader(input: input, split: split) }

    /// A reader of a split that goes on after a number of steps.
    public func makeReader(for split: Int, from position: SplitPosition) throws -> TestInputReader<Element> {
        input.goBack(split, to: Int(try position.offset))
        return TestInputReader(input: input, split: split)
    }
}

/// Reads what was sent to one split of a ``TestInput``.
public struct TestInputReader<Element: Sendable>: SplitReader {
    let input: TestInput<Element>
    let split: Int

    /// The number of steps that were read.
    public var restartPosition: SplitPosition? { SplitPosition(Int64(input.taken(split))) }

    /// Reads what was sent, up to the next watermark, pause or end of a batch.
    public mutating func read(into output: SourceOutput<ScriptedRecord<Element>>) -> ReadStatus {
        input.read(split, into: output)
    }
}

extension PipelineBuilder {
    /// Begins a stream with what a test sends.
    ///
    /// - Parameter idleness: when a split is idle. The default is when the test says so.
    public func input<Element: Sendable>(
        _ input: TestInput<Element>, idleness: Idleness = .whenCaughtUp
    ) -> DataStream<Element> {
        source(
            input.name, TestInputSource(input: input), time: { $0.time }, watermarks: .scripted(idleness: idleness)
        )
        .flatMap("\(input.name) records") { CollectionOfOne($0.element).compactMap { $0 } }
    }
}
