/// Where a record was read.
public struct RecordPlace: Sendable, Hashable {
    /// The split's name: a file's path, a topic and partition.
    public let source: String
    /// The position there, at or after which the record's batch was read.
    public let offset: Int64

    /// A place.
    public init(source: String, offset: Int64) {
        self.source = source
        self.offset = offset
    }
}

/// Why a job could not start or had to stop.
public struct JobError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code of the given name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// An option is out of range.
        public static let invalidOption = Code(rawValue: "invalidOption")
        /// A sink could not make visible what it had prepared.
        public static let commitFailed = Code(rawValue: "commitFailed")
        /// A source could not be opened or read.
        public static let sourceFailed = Code(rawValue: "sourceFailed")
        /// A sink could not be opened or written.
        public static let sinkFailed = Code(rawValue: "sinkFailed")
        /// A step or state of that name, or of those types, doesn't exist.
        public static let unknownState = Code(rawValue: "unknownState")
        /// A job's workers began again while its state was read, or are about to: it can be read anew.
        public static let readInterrupted = Code(rawValue: "readInterrupted")
        /// A step's state can't be saved.
        public static let snapshotFailed = Code(rawValue: "snapshotFailed")
        /// A saved state can't be loaded into this pipeline.
        public static let restoreFailed = Code(rawValue: "restoreFailed")
        /// A sink can only write its output from the beginning, and the job began with a snapshot.
        public static let notResumable = Code(rawValue: "notResumable")
        /// A step's code, the user's or an operator's, threw an error.
        public static let stepFailed = Code(rawValue: "stepFailed")
    }

    /// What kind of failure it was.
    public let code: Code
    /// The step that failed, or nil.
    public let step: String?
    /// What went wrong and what to do.
    public let message: String
    /// The error behind it, or nil.
    public let cause: (any Error)?
    /// Where the record was read for which the step failed; nil when that isn't known.
    public let record: RecordPlace?

    /// An error of the given code.
    public init(
        code: Code, step: String? = nil, message: String, cause: (any Error)? = nil, record: RecordPlace? = nil
    ) {
        self.record = record
        self.code = code
        self.step = step
        self.message = message
        self.cause = cause
    }

    /// `error` as the failure of a step; an error that already names one stays as it is.
    public static func wrap(_ error: any Error, _ code: Code, step: String) -> JobError {
        if let error = error as? JobError { return error }
        return JobError(code: code, step: step, message: "\(error)", cause: error)
    }

    /// Any error as a job's.
    static func asJobError(_ error: any Error) -> JobError {
        (error as? JobError) ?? JobError(code: .stepFailed, message: "\(error)", cause: error)
    }

    /// Whether a new attempt may go better.
    var mayPass: Bool {
        guard code != .invalidOption, code != .notResumable else { return false }
        if let cause = cause as? any LastingFailure { return !cause.isLasting }
        return true
    }

    /// The error of a record that has failed the job several times.
    func naming(repeats: Int) -> JobError {
        guard let record else { return self }
        return JobError(
            code: code, step: step,
            message:
                "\(message); the record at or after offset \(record.offset) of '\(record.source)' has failed the job "
                + "\(repeats) times: repair it, or have the step drop such records or make dead letters of them",
            cause: cause, record: record)
    }

    /// The code, the step and the message.
    public var description: String {
        step.map { "\(code.rawValue): step '\($0)': \(message)" } ?? "\(code.rawValue): \(message)"
    }
}
