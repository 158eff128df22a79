import StreamTesting
import Synchronization
import Weir

/// Plays random events into a pipeline: splits interleaved at random, true watermarks now and then, and restarts, some
/// with another number of workers.
struct RandomRun: CustomStringConvertible {
    /// What happened, for the message of a failure.
    private(set) var description: String
    /// The late records of all steps.
    private(set) var late = 0

    /// - Parameters:
    ///   - restarts: the number of restarts, at most.
    ///   - whenever: called between two steps, with the pipeline at rest, now and then; with true after the last step.
    init(
        _ random: inout SplitMix64, _ streams: [RandomEvents], restarts: UInt64 = 2,
        whenever: (TestPipeline, Bool) throws -> Void = { _, _ in },
        _ describe: (PipelineBuilder, [TestInput<Event>]) throws -> Void
    ) throws {
        let inputs = streams.indices.map { TestInput<Event>("input \($0)", splits: streams[$0].splits.count) }
        let parallelism = Int(random.next(below: 4)) + 1
        let batchSize = [1, 2, 7, 64][Int(random.next(below: 4))]
        description = "parallelism \(parallelism), batches of \(batchSize)"
        let test = try TestPipeline(parallelism: parallelism, batchSize: batchSize, seed: random.next()) { p in
            try describe(p, inputs)
        }
        // What is left of each split, and the times to come, so that the watermarks are true.
        var left = streams.enumerated().flatMap { input, events in
            events.splits.enumerated().map { (input: input, split: $0.offset, events: $0.element[...]) }
        }
        for split in left where split.events.isEmpty { inputs[split.input].end(split: split.split) }
        left.removeAll { $0.events.isEmpty }
        let total = streams.reduce(0) { $0 + $1.all.count }
        let moments = Set(
            (0..<random.next(below: restarts + 1)).map { _ in Int(random.next(below: UInt64(total + 1))) })
        var step = 0
        while !left.isEmpty {
            let chosen = Int(random.next(below: UInt64(left.count)))
            let (input, split) = (inputs[left[chosen].input], left[chosen].split)
            let event = left[chosen].events.removeFirst()
            input.send(event, at: event.time, split: split)
            if let next = left[chosen].events.map(\.time).min() {
                if random.next(below: 3) == 0 { input.watermark(next - 1, split: split) }
            } else {
                input.end(split: split)
                left.remove(at: chosen)
            }
            step += 1
            if moments.contains(step) && !left.isEmpty {
                try test.settle()
                late += test.status.steps.reduce(0) { $0 + $1.late }
                let parallelism = random.next(below: 2) == 0 ? nil : Int(random.next(below: 4)) + 1
                try test.restart(parallelism: parallelism)
                description += ", restart after \(step)" + (parallelism.map { " with \($0)" } ?? "")
            } else if random.next(below: 8) == 0 {
                try test.settle()
                try whenever(test, false)
            }
        }
        try test.settle()
        try whenever(test, true)
        late += test.status.steps.reduce(0) { $0 + $1.late }
        if !test.isFinished { description += ", not finished" }
    }
}

/// Counts the records that come at or behind a watermark that was passed on before.
final class WatermarkCheck: Sendable {
    private let count = Atomic<Int>(0)
    var violations: Int { count.load(ordering: .relaxed) }

    func attach<Element>(_ name: String, to stream: DataStream<Element>) -> DataStream<Element> {
        stream.attach(name) { [self] _, outlet in
            var watermark = Timestamp.min
            return Inlet<Batch<Element>>(
                consumes: true,
                onBatch: { batch in
                    for i in 0..<batch.count where batch.timestamps[i] <= watermark {
                        self.count.add(1, ordering: .relaxed)
                    }
                    try outlet.push(batch)
                },
                onSignal: { signal in
                    if case .watermark(let time) = signal { watermark = max(watermark, time) }
                    try outlet.signal(signal)
                })
        }
    }
}
