internal import Synchronization

/// What of a repository is in use by this process, and may therefore not be deleted: the files of snapshots that are
/// open, those that a writer shares, and those that it writes.
final class SnapshotUse: Sendable {
    private struct Entries {
        var next = 0
        var files: [Int: Set<String>] = [:]
        var prefixes: [Int: String] = [:]
    }

    private let entries = Mutex(Entries())

    /// Keeps files until the result has gone.
    func hold(_ files: [SnapshotManifest.File], prefix: String? = nil) -> SnapshotLease {
        entries.withLock { entries in
            entries.next += 1
            entries.files[entries.next] = Set(files.map(\.object))
            entries.prefixes[entries.next] = prefix
            return SnapshotLease(self, number: entries.next)
        }
    }

    func end(_ number: Int) {
        entries.withLock { entries in
            entries.files[number] = nil
            entries.prefixes[number] = nil
        }
    }

    /// The files in use.
    var files: Set<String> {
        entries.withLock { entries in entries.files.values.reduce(into: []) { $0.formUnion($1) } }
    }

    /// The prefixes of files that are being written.
    var prefixes: Set<String> { entries.withLock { Set($0.prefixes.values) } }
}

/// Keeps files of a repository from being deleted as long as it lives.
final class SnapshotLease: Sendable {
    private let use: SnapshotUse
    private let number: Int

    init(_ use: SnapshotUse, number: Int) {
        self.use = use
        self.number = number
    }

    deinit { use.end(number) }
}
