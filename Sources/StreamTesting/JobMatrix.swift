public import Weir

/// Every way to run a job that must make no difference: scheduler, parallelism and batch size.
///
/// ```swift
/// for run in try await JobMatrix().run({ p, sink in counts(p).write("out", to: sink) }) {
///     #expect(run.elements.sorted() == expected, "\(run.variant)")
/// }
/// ```
public struct JobMatrix: Sendable {
    /// One way to run a job.
    public struct Variant: Sendable, CustomStringConvertible {
        /// The number of workers.
        public let parallelism: Int
        /// The number of records in a batch.
        public let batchSize: Int
        /// The deterministic scheduler's seed; nil for threads.
        public let seed: UInt64?

        /// A way to run a job.
        public init(parallelism: Int, batchSize: Int, seed: UInt64?) {
            self.parallelism = parallelism
            self.batchSize = batchSize
            self.seed = seed
        }

        /// The job's options.
        ///
        /// Nothing is logged or published.
        public var options: JobOptions {
            var options = JobOptions(parallelism: parallelism, batchSize: batchSize)
            if let seed { options.scheduler = DeterministicScheduler(seed: seed) }
            // Small rings, so that back-pressure is met with few records.
            if batchSize < 64 { options.ringCapacity = 2 }
            options.logger = JobOptions.silentLogger
            options.metricsInterval = nil
            return options
        }

        /// All that is needed to run it again.
        public var description: String {
            let scheduler = seed.map { "deterministic, seed \($0)" } ?? "threads"
            return "parallelism \(parallelism), batches of \(batchSize), \(scheduler)"
        }
    }

    /// What a run gave.
    public struct Run<Element: Sendable>: Sendable {
        /// How the job ran.
        public let variant: Variant
        /// What it wrote, in the order in which it came.
        public let elements: [Element]
        /// What it counted.
        public let status: JobStatus
    }

    /// The ways.
    public let variants: [Variant]

    /// All combinations of both schedulers, the parallelisms and the batch sizes.
    ///
    /// - Parameter seed: draws the deterministic scheduler's seeds, a new one for each combination.
    public init(parallelisms: [Int] = [1, 2, 4], batchSizes: [Int] = [1, 7, 1_024], seed: UInt64 = 1) {
        var random = SplitMix64(seed: seed)
        variants = parallelisms.flatMap { parallelism in
            batchSizes.flatMap { batchSize in
                [nil, random.next()].map { Variant(parallelism: parallelism, batchSize: batchSize, seed: $0) }
            }
        }
    }

    /// A few ways, for tests that go through many seeds: the deterministic scheduler with 1, 2 and 4 workers, and threads
    /// with one of those, each with a batch size drawn from `seed`.
    public static func sampled(seed: UInt64) -> JobMatrix {
        var random = SplitMix64(seed: seed)
        func variant(_ parallelism: Int, seed: UInt64?) -> Variant {
            let size = [1, 2, 3, 7, 16, 64, 1_024][Int(random.next(below: 7))]
            return Variant(parallelism: parallelism, batchSize: size, seed: seed)
        }
        let deterministic = [1, 2, 4].map { variant($0, seed: random.next()) }
        return JobMatrix(variants: deterministic + [variant([1, 2, 4][Int(seed % 3)], seed: nil)])
    }

    /// The given ways.
    public init(variants: [Variant]) { self.variants = variants }

    /// Runs a pipeline in every way.
    ///
    /// - Parameter describe: describes the pipeline, which writes what is to be compared to the sink.
    /// - Throws: the first failure of a job.
    public func run<Element: Sendable>(
        _ describe: (PipelineBuilder, CollectSink<Element>) throws -> Void
    ) async throws -> [Run<Element>] {
        var runs: [Run<Element>] = []
        for variant in variants {
            let sink = CollectSink<Element>()
            let pipeline = try Pipeline("job matrix") { try describe($0, sink) }
            let status = try await pipeline.run(variant.options)
            runs.append(Run(variant: variant, elements: sink.elements, status: status))
        }
        return runs
    }
}
