/// Why no file was generated.
///
/// The target path is as it was before; nothing partial is left.
public struct AdEventGeneratorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// An option is out of its range.
        public static let invalidOptions = Code(description: "invalidOptions")
        /// The partial file couldn't be created.
        public static let cannotCreate = Code(description: "cannotCreate")
        /// Writing or syncing failed.
        public static let cannotWrite = Code(description: "cannotWrite")
        /// The complete file couldn't be put in place.
        public static let cannotRename = Code(description: "cannotRename")
    }

    /// The kind of failure.
    public let code: Code
    /// The file that was to be written.
    public let path: String
    /// What happened.
    public let message: String
    /// What can be done about it.
    public let remedy: String

    /// What failed, at which path, and what can be done.
    public var description: String { "can't generate \(path): \(message); \(remedy)" }
}
