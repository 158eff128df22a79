extension SnapshotError {
    /// A file that isn't what it should be.
    static func damaged(_ file: String, _ what: String) -> SnapshotError {
        SnapshotError(
            code: .damaged, file: file,
            message: "\(what); the file is damaged: restore it from a copy, or begin with an older snapshot")
    }

    /// A file of a version that came later than this code.
    static func newerFormat(_ file: String, _ what: String, found: UInt16, known: UInt16) -> SnapshotError {
        SnapshotError(
            code: .newerFormat, file: file,
            message: "\(what) has format version \(found) and this version of Weir reads \(known); "
                + "use the version that wrote it, or a later one")
    }

    /// A file that isn't there.
    static func missing(_ file: String, in storage: String) -> SnapshotError {
        SnapshotError(
            code: .missingFile, file: file,
            message: "\(storage) has no such file; restore it from a copy, or begin with an older snapshot")
    }

    /// Two writers of one snapshot.
    static func conflict(_ id: Int, _ pipeline: String, _ file: String) -> SnapshotError {
        SnapshotError(
            code: .conflict, file: file,
            message: "snapshot \(id) of pipeline '\(pipeline)' has been written already; "
                + "see to it that the pipeline runs only once, and begin again from its latest snapshot")
    }

    /// A snapshot of which what the caller asks can't be done.
    static func incompatible(_ what: String) -> SnapshotError { SnapshotError(code: .incompatible, message: what) }
}
