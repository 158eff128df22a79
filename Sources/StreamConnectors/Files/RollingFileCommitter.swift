public import StreamCore
internal import StreamFormats

/// Gives the files of a ``RollingFileSink`` their names.
public struct RollingFileCommitter: TransactionCommitter {
    private static let markerName = "_SUCCESS"

    private let directory: String
    private let marker: RollingFileOptions.SuccessMarker
    private let owner: PendingName

    init(directory: String, marker: RollingFileOptions.SuccessMarker, owner: PendingName) {
        self.directory = directory
        self.marker = marker
        self.owner = owner
    }

    /// Renames a transaction's files; those that have their names already are left as they are.
    ///
    /// - Throws: `CommitError`: `impossible` when a file is under neither name, or both names are taken.
    public mutating func commit(_ transaction: RollingFileTransaction) throws {
        do {
            for file in transaction.files { try rename(file) }
            // Also when nothing was renamed: a try before may have got no further than that.
            for partition in Set(transaction.files.map(\.partition)) {
                try FileTree.synchronise(directory: Self.path(directory, partition))
            }
        } catch let error as FileError {
            throw CommitError(error.operation == Self.occupation ? .impossible : .unknown, message: error.message)
        }
    }

    /// Renames the files that the snapshot counts and deletes all others of this pipeline's step that are pending.
    public mutating func recover(pending: [RollingFileTransaction]) throws {
        for transaction in pending { try commit(transaction) }
        try deletePending(in: directory, isRoot: true)
    }

    /// Writes the success markers.
    public mutating func finish() throws {
        switch marker {
        case .none: return
        case .directory: try writeMarker(in: directory)
        case .eachPartition: try writeMarkers(in: directory, isRoot: true)
        }
    }

    private func rename(_ file: RollingFileTransaction.File) throws {
        let pending = Self.path(directory, file.partition) + "/" + file.pending
        let final = Self.path(directory, file.partition) + "/" + file.name
        switch (try FileTree.exists(pending), try FileTree.exists(final)) {
        case (false, true): return
        case (true, true): throw Self.occupied(final)
        case (false, false):
            throw CommitError(
                .impossible,
                message:
                    "'\(pending)', which a snapshot counts, is not there, nor is '\(final)': it was moved or deleted "
                    + "before the next snapshot was durable, or by another run of this pipeline in the same directory; put "
                    + "it back, or begin with another snapshot"
            )
        case (true, false):
            try removeMarker(of: file.partition)
            try FileTree.rename(pending, to: final)
        }
    }

    /// Removes the marker that does not hold any more, durably, before a file is added.
    private func removeMarker(of partition: String) throws {
        let place: String
        switch marker {
        case .none: return
        case .directory: place = directory
        case .eachPartition: place = Self.path(directory, partition)
        }
        guard try FileTree.exists(place + "/" + Self.markerName) else { return }
        try FileTree.remove(file: place + "/" + Self.markerName)
        try FileTree.synchronise(directory: place)
    }

    private func deletePending(in path: String, isRoot: Bool) throws {
        var hasDeleted = false
        for entry in try Self.entries(of: path, isRoot) {
            if entry.isDirectory {
                try deletePending(in: path + "/" + entry.name, isRoot: false)
            } else if owner.owns(entry.name) {
                try FileTree.remove(file: path + "/" + entry.name)
                hasDeleted = true
            }
        }
        if hasDeleted && !isRoot { FileTree.remove(emptyDirectory: path) }
    }

    /// What may be this sink's: its partitions' names don't begin with a dot, and what it made it can list.
    private static func entries(of path: String, _ isRoot: Bool) throws -> [FileTree.Entry] {
        do {
            return try FileTree.entries(of: path).filter { !$0.isDirectory || !$0.name.hasPrefix(".") }
        } catch {
            if !isRoot, FileTree.isForeign(error) { return [] }
            throw error
        }
    }

    private func writeMarkers(in path: String, isRoot: Bool) throws {
        var hasFiles = false
        for entry in try Self.entries(of: path, isRoot) {
            if entry.isDirectory {
                try writeMarkers(in: path + "/" + entry.name, isRoot: false)
            } else if !entry.name.hasPrefix(".") && !entry.name.hasPrefix("_") {
                hasFiles = true
            }
        }
        if hasFiles { try writeMarker(in: path) }
    }

    private func writeMarker(in path: String) throws {
        try OutputFile(path: path + "/" + Self.markerName, partialPath: path + "/" + Self.markerName).seal()
        try FileTree.synchronise(directory: path)
    }

    static func path(_ directory: String, _ partition: String) -> String {
        partition.isEmpty ? directory : directory + "/" + partition
    }

    private static let occupation = "name"

    /// The error of a name that belongs to another file.
    static func occupied(_ path: String) -> FileError {
        FileError(
            path: path, operation: occupation, errno: 0,
            message:
                "'\(path)' is there already, of another run or another job; give the job a directory or a prefix of its "
                + "own, begin with its newest snapshot, or move the old files away")
    }
}
