extension SnapshotRepository {
    /// Deletes snapshots that are no longer wanted, and the files that only they had.
    ///
    /// Kept are all savepoints, the newest `count` snapshots, those that are not older than `age`, and those whose
    /// manifests can't be read, with all files that these might need.
    ///
    /// - Parameters:
    ///   - count: how many snapshots to keep at least; no fewer than one is kept.
    ///   - age: how old in milliseconds a snapshot must be to go; nil: any.
    ///   - now: the time, in milliseconds since 1970.
    /// - Returns: the numbers of those that were deleted.
    public func prune(keep count: Int, olderThan age: Int64? = nil, now: Int64) throws -> [Int] {
        let (manifests, _) = try readableManifests()
        let snapshots = manifests.filter { $0.kind == .snapshot }
        let old = snapshots.dropLast(max(count, 1)).filter { manifest in
            guard let age else { return true }
            return now.subtractingReportingOverflow(manifest.finished).partialValue > age
        }
        for manifest in old { try remove(manifest.id) }
        return old.map(\.id)
    }

    /// Deletes a snapshot or savepoint, readable or not: its manifest first, then the files that only it had.
    public func remove(_ id: Int) throws {
        let manifest: SnapshotManifest?
        do { manifest = try self.manifest(id) } catch let error as SnapshotError {
            guard error.isOfManifest else { throw error }
            manifest = nil
        }
        try storage.delete(paths.manifest(id))
        forget(id)
        // What an unreadable one had is found by `collectOrphans`.
        guard let manifest else { return }
        let needed = try neededFiles()
        for file in manifest.files where !needed.contains(file.object, paths) { try storage.delete(file.object) }
    }

    /// Deletes the pipeline's files that no manifest names, and what writers left that were killed.
    ///
    /// What this process is reading or writing stays.
    ///
    /// - Parameter time: only what was put before it, in milliseconds since 1970 by the storage's clock, so that another
    ///   process that is at work keeps its files.
    /// - Returns: the names of what was deleted.
    public func collectOrphans(before time: Int64) throws -> [String] {
        var removed: [String] = []
        // Listed before the manifests are: a file that comes with a later manifest isn't in the list.
        let files = try storage.list(paths.files)
        let claims = try storage.list(paths.snapshots)
        let newest = try currentIDs().last ?? 0
        let needed = try neededFiles()
        for file in files where file.modified < time {
            // What isn't named like a file of a snapshot is somebody else's.
            guard let writer = paths.writer(ofFile: file.name), !needed.contains(file.name, paths),
                !needed.prefixes.contains(writer.prefix)
            else { continue }
            try storage.delete(file.name)
            removed.append(file.name)
        }
        for claim in claims where claim.modified < time {
            guard let writer = paths.writer(ofClaim: claim.name), !needed.prefixes.contains(writer.prefix),
                !(newest - Self.claimsKept + 1...newest).contains(writer.id)
            else { continue }
            try storage.delete(claim.name)
            removed.append(claim.name)
        }
        return try removed + storage.removeUnfinished(before: time)
    }

    private struct Needed {
        var files: Set<String>
        var prefixes: Set<String>
        /// The highest number of a snapshot of which it isn't known what it needs: nothing that is older may go.
        var unreadable: Int?

        func contains(_ file: String, _ paths: SnapshotPaths) -> Bool {
            if files.contains(file) { return true }
            guard let unreadable, let writer = paths.writer(ofFile: file) else { return false }
            return writer.id <= unreadable
        }
    }

    private func neededFiles() throws -> Needed {
        let prefixes = use.prefixes
        var files = use.files
        let (manifests, unreadable) = try readableManifests()
        for manifest in manifests { files.formUnion(manifest.files.map(\.object)) }
        return Needed(files: files, prefixes: prefixes, unreadable: unreadable.max())
    }

    private func readableManifests() throws -> (manifests: [SnapshotManifest], unreadable: [Int]) {
        var manifests: [SnapshotManifest] = []
        var unreadable: [Int] = []
        for id in try ids() {
            do { manifests.append(try manifest(id)) } catch let error as SnapshotError {
                if error.code == .noSnapshot { continue }
                guard error.isOfManifest else { throw error }
                unreadable.append(id)
            }
        }
        return (manifests, unreadable)
    }
}

extension SnapshotError {
    /// Whether the manifest itself can't be used, rather than the storage at the moment.
    fileprivate var isOfManifest: Bool { [.damaged, .newerFormat, .foreignPipeline].contains(code) }
}
