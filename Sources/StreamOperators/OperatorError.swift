/// A fault that an operator finds in a record.
public struct OperatorError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code of the given name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A record says something that can't be.
        public static let invalidRecord = Code(rawValue: "invalidRecord")
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, and what to do.
    public let message: String

    /// An error of the given code.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
