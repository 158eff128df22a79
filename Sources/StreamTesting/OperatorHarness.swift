public import Weir

/// Drives a step, or several, with scripted input, and hands back what came out with the signals in between.
///
/// ```swift
/// let harness = OperatorHarness<Int, Int> { $0.map { $0 * 2 } }
/// let out = try await harness.run([.record(1, at: 5), .watermark(9)])
/// #expect(out.records == [2])
/// ```
public struct OperatorHarness<Input: Sendable, Output: Sendable>: Sendable {
    /// What came out.
    public struct Result: Sendable {
        /// Records and signals, in their order.
        public let events: [OutputEvent<Output>]
        /// What the job counted.
        public let status: JobStatus

        /// The records alone.
        public var records: [Output] {
            events.compactMap { if case .record(let element, _) = $0 { element } else { nil } }
        }

        /// The records that came before the watermark reached `time`.
        public func records(before time: Timestamp) -> [Output] {
            let end = events.firstIndex { event in
                if case .signal(.watermark(let watermark)) = event { watermark >= time } else { false }
            }
            return Result(events: Array(events[..<(end ?? events.endIndex)]), status: status).records
        }
    }

    let describe: @Sendable (DataStream<Input>) throws -> DataStream<Output>

    /// A harness for the steps that `describe` attaches to its input.
    public init(_ describe: @escaping @Sendable (DataStream<Input>) throws -> DataStream<Output>) {
        self.describe = describe
    }

    /// Plays a script on one worker.
    ///
    /// - Parameters:
    ///   - steps: the input of one split.
    ///   - batchSize: the records per batch; 1 hands them over one by one.
    ///   - seed: of the deterministic scheduler.
    public func run(_ steps: [ScriptStep<Input>], batchSize: Int = 1_024, seed: UInt64 = 0) async throws -> Result {
        try await run(splits: [steps], JobMatrix.Variant(parallelism: 1, batchSize: batchSize, seed: seed))
    }

    /// Plays a script per split.
    public func run(splits: [[ScriptStep<Input>]], _ variant: JobMatrix.Variant) async throws -> Result {
        let log = OutputLog<Output>()
        let pipeline = try Pipeline("operator harness") { p in
            try describe(p.script("script", splits)).logged("log", in: log)
        }
        let status = try await pipeline.run(variant.options)
        return Result(events: log.events, status: status)
    }
}
