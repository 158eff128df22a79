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
        /// A source could not be opened or read.
        public static let sourceFailed = Code(rawValue: "sourceFailed")
        /// A sink could not be opened or written.
        public static let sinkFailed = Code(rawValue: "sinkFailed")
        /// A step or state of that name, or of those types, doesn't exist.
        public static let unknownState = Code(rawValue: "unknownState")
        /// A step's state can't be saved.
        public static let snapshotFailed = Code(rawValue: "snapshotFailed")
        /// A saved state can't be loaded into this pipeline.
        public static let restoreFailed = Code(rawValue: "restoreFailed")
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

    /// An error of the given code.
    public init(code: Code, step: String? = nil, message: String, cause: (any Error)? = nil) {
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

    /// The code, the step and the message.
    public var description: String {
        step.map { "\(code.rawValue): step '\($0)': \(message)" } ?? "\(code.rawValue): \(message)"
    }
}
