internal import Logging

/// A named dataflow, described once and run as often as wanted.
///
/// ```swift
/// let pipeline = try Pipeline("clicks") { p in
///     p.source("clicks", FileSource(path, format: format), time: \.at,
///              watermarks: .boundedOutOfOrderness(.seconds(5)))
///         .keyBy(\.campaign)
///         .window(.tumbling(.seconds(60)))
///         .aggregate("clicks per minute", .count())
///         .write("report", to: ConsoleSink())
/// }
/// try await pipeline.run()
/// ```
public struct Pipeline: Sendable {
    /// The pipeline's name, in logs, metrics and snapshots.
    public let name: String
    let graph: DataflowGraph

    /// Describes a dataflow.
    ///
    /// - Throws: ``PipelineError`` with everything that is wrong with the description; what `describe` throws.
    public init(_ name: String, _ describe: (PipelineBuilder) throws -> Void) throws {
        let builder = PipelineBuilder()
        try describe(builder)
        let problems = builder.finish()
        guard problems.isEmpty else { throw PipelineError(pipeline: name, problems: problems) }
        self.name = name
        graph = builder.graph
    }

    /// Runs the pipeline until its input ends.
    ///
    /// Cancelling the task stops the job. - Throws: ``JobError`` when the job fails, `CancellationError` when it was
    /// cancelled.
    /// - Returns: what the job counted.
    @discardableResult
    public func run(_ options: JobOptions = JobOptions()) async throws -> JobStatus {
        let job = try start(options)
        return try await withTaskCancellationHandler {
            try await job.wait()
        } onCancel: {
            job.cancel()
        }
    }

    /// Starts the pipeline and returns at once with a handle to the running job.
    ///
    /// - Throws: ``JobError`` when an option is out of range or a step can't be set up.
    public func start(_ options: JobOptions = JobOptions()) throws -> Job {
        let job = try Job(pipeline: self, options: options)
        job.start()
        return job
    }

    /// Starts the pipeline with the state of a snapshot.
    package func start(_ options: JobOptions, restoring snapshot: JobSnapshot) throws -> Job {
        let job = try Job(pipeline: self, options: options, restoring: snapshot)
        job.start()
        return job
    }

    /// The steps' names, in the order of description.
    public var steps: [String] { graph.nodes.map(\.name) }
}
