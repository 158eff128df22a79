/// A fault in the use of state, with a remedy in its message.
public struct StateError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code of the given name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Two states of one step have the same name, or one has none.
        public static let duplicateState = Code(rawValue: "duplicateState")
        /// Saved state has a part that the step doesn't have.
        public static let unknownState = Code(rawValue: "unknownState")
        /// A type can't be saved, because it has no codec.
        public static let noCodec = Code(rawValue: "noCodec")
        /// Bytes that should hold state don't.
        public static let malformed = Code(rawValue: "malformed")
        /// A store could not be opened, read or written, for another reason than those below.
        public static let storeFailed = Code(rawValue: "storeFailed")
        /// A store's disk has no room left.
        public static let storageFull = Code(rawValue: "storageFull")
        /// A store's files may not be read or written: permissions, or a read-only file system.
        public static let notPermitted = Code(rawValue: "notPermitted")
        /// A file of a store is not there.
        public static let missingFile = Code(rawValue: "missingFile")
        /// A file of a store is damaged or cut off.
        public static let damaged = Code(rawValue: "damaged")
        /// Another process has the store open.
        public static let storeLocked = Code(rawValue: "storeLocked")
        /// State needs more memory than the job's budget gives it.
        public static let budgetExceeded = Code(rawValue: "budgetExceeded")
        /// Saved state is of another form than the step's, and there is no way from one to the other.
        public static let incompatible = Code(rawValue: "incompatible")
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, where, and what to do.
    public let message: String

    /// An error of the given code.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
