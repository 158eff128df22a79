/// A fault of snapshots or their storage, with a remedy in its message.
public struct SnapshotError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code of the given name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The storage could not be read or written.
        public static let storageFailed = Code(rawValue: "storageFailed")
        /// Two keys of a state that is transformed become one, and nothing says what their values come to.
        public static let keyCollision = Code(rawValue: "keyCollision")
        /// The storage has no room left.
        public static let storageFull = Code(rawValue: "storageFull")
        /// The storage may not be read or written: permissions, or a read-only file system.
        public static let notPermitted = Code(rawValue: "notPermitted")
        /// A file that a snapshot needs is not there.
        public static let missingFile = Code(rawValue: "missingFile")
        /// A file is damaged, cut off, or not what its snapshot says it is.
        public static let damaged = Code(rawValue: "damaged")
        /// A file has a format version that this version of Weir can't read.
        public static let newerFormat = Code(rawValue: "newerFormat")
        /// The snapshot is of another pipeline.
        public static let foreignPipeline = Code(rawValue: "foreignPipeline")
        /// A snapshot took longer than it may.
        public static let timedOut = Code(rawValue: "timedOut")
        /// There is no such snapshot.
        public static let noSnapshot = Code(rawValue: "noSnapshot")
        /// The job's states don't fit those of the snapshot.
        public static let incompatible = Code(rawValue: "incompatible")
        /// Another process has written a snapshot of the same number.
        public static let conflict = Code(rawValue: "conflict")
    }

    /// What went wrong.
    public let code: Code
    /// The file that it is about, as the storage names it; empty where it is about none.
    public let file: String
    /// What went wrong, where, and what to do.
    public let message: String

    /// An error of the given code.
    public init(code: Code, file: String = "", message: String) {
        self.code = code
        self.file = file
        self.message = message
    }

    /// The code, the file and the message.
    public var description: String {
        file.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue): \(file): \(message)"
    }
}
