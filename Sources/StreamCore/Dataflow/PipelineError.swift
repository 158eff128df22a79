/// What is wrong with a pipeline; thrown when it is built, before anything runs.
public struct PipelineError: Error, Sendable, CustomStringConvertible {
    /// One fault.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The step at fault.
        public let step: String
        /// What is wrong and what to do about it.
        public let message: String

        /// `step 'name': message`.
        public var description: String { "step '\(step)': \(message)" }
    }

    /// The pipeline's name.
    public let pipeline: String
    /// Everything that was found wrong, in the order of the steps.
    public let problems: [Problem]

    /// All problems, a line each.
    public var description: String {
        "pipeline '\(pipeline)' can't run:\n" + problems.map { "  - \($0)" }.joined(separator: "\n")
    }
}
