/// Why a time zone's rules could not be had, with a remedy in its message.
public struct TimeZoneError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code of the given name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No zone has this name, or the system has no time zone database.
        public static let unknownZone = Code(rawValue: "unknownZone")
        /// The zone's file can't be read, or is none of the format.
        public static let malformedFile = Code(rawValue: "malformedFile")
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
