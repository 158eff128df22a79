import StateBackend

/// What `weir snapshot` does, apart from the command line: it reads a storage and writes text.
struct SnapshotTool {
    /// The codes with which the command ends.
    enum Code {
        static let ok: Int32 = 0
        /// Something is damaged, or what was compared differs.
        static let found: Int32 = 1
        static let usage: Int32 = 64
        static let noInput: Int32 = 66
        static let software: Int32 = 70
        static let noOutput: Int32 = 73
    }

    /// Why the command ends early.
    struct Failure: Error {
        let code: Int32
        let message: String
    }

    let storage: any SnapshotStorage
    /// The pipeline asked for; nil for the only one that there is.
    let pipeline: String?
    /// Those that open the stores in snapshots.
    let backends: [any StateBackend]
    /// A directory for files that are needed for a while.
    let scratch: String
    let write: (String) throws -> Void

    /// The snapshots of the pipeline, or of all.
    func list(now: Int64, json: Bool) throws {
        var sizes: [String: Int] = [:]
        for object in try storage.list("") { sizes[object.name] = object.byteCount }
        let names = try pipeline.map { [$0] } ?? SnapshotRepository.pipelines(in: storage)
        for name in names {
            let repository = SnapshotRepository(storage, pipeline: name)
            let entries = try repository.ids().map { id in
                do {
                    let manifest = try repository.manifest(id)
                    return SnapshotText.Entry(id: id, manifest: manifest, fault: Self.fault(manifest, sizes))
                } catch { return SnapshotText.Entry(id: id, manifest: nil, fault: "\(error)") }
            }
            if json {
                try write(SnapshotText.listJSON(entries, now: now))
            } else {
                if names.count > 1 { try write("\(name == names[0] ? "" : "\n")pipeline \(name)\n") }
                try write(SnapshotText.list(entries, now: now))
            }
        }
        if names.isEmpty && !json { try write(SnapshotText.list([], now: now)) }
    }

    /// What the listing alone shows to be wrong; checksums are for `verify`.
    private static func fault(_ manifest: SnapshotManifest, _ sizes: [String: Int]) -> String? {
        for file in manifest.files {
            guard let size = sizes[file.object] else { return "\(file.object) is missing" }
            if size != file.byteCount {
                return "\(file.object) has \(size) bytes and should have \(file.byteCount)"
            }
        }
        return nil
    }

    /// Everything about a snapshot but its rows.
    func show(_ id: Int?, json: Bool) throws {
        let manifest = try open(id).manifest
        try write(json ? SnapshotText.showJSON(manifest) : SnapshotText.show(manifest))
    }

    /// Reads every file of a snapshot, or of all, and compares checksums; whether all are as they should be.
    func verify(_ id: Int?, json: Bool) throws -> Bool {
        let repository = try repository()
        var isSound = true
        let ids = try id.map { [$0] } ?? repository.ids()
        guard !ids.isEmpty else { throw noSnapshots() }
        for id in ids {
            let faults: [SnapshotError]
            var manifest: SnapshotManifest?
            do {
                let snapshot = try repository.openUnchecked(id)
                faults = snapshot.verify()
                manifest = snapshot.manifest
            } catch let error as SnapshotError where error.code != .noSnapshot { faults = [error] }
            try write(
                json
                    ? SnapshotText.verificationJSON(id, manifest, faults)
                    : SnapshotText.verification(id, manifest, faults))
            isSound = isSound && faults.isEmpty
        }
        return isSound
    }

    /// Compares two snapshots; whether they are the same.
    func diff(
        _ first: Int, _ second: Int, _ filter: SnapshotInspector.Filter, rows: Bool, limit: Int?, json: Bool
    ) throws -> Bool {
        let (before, after) = (try inspector(first), try inspector(second))
        try check(filter, [before.manifest, after.manifest])
        var left = limit ?? .max
        let differences = try before.differences(to: after, filter) { change, old, new in
            guard rows, left > 0 else { return }
            left -= 1
            try write(SnapshotText.rowJSON(change, old, new))
        }
        if !rows {
            try write(json ? SnapshotText.differencesJSON(differences) : SnapshotText.differences(differences))
        }
        return differences.allSatisfy(\.isEmpty)
    }

    /// Writes rows as lines of JSON.
    func export(_ id: Int?, _ filter: SnapshotInspector.Filter, limit: Int?) throws {
        var left = limit ?? .max
        let inspector = SnapshotInspector(StoredContents(try open(id), scratch: scratch), backends: backends)
        try check(filter, [inspector.manifest])
        guard left > 0 else { return }
        try inspector.forEachRow(filter) { row in
            try write(row.json + "\n")
            left -= 1
            return left > 0
        }
    }

    /// A step or state that no snapshot has is a slip of the pen rather than a state without rows.
    private func check(_ filter: SnapshotInspector.Filter, _ manifests: [SnapshotManifest]) throws {
        let steps = manifests.flatMap(\.steps)
        let isKnown = steps.contains { step in
            (filter.step ?? step.name) == step.name
                && (filter.state == nil || step.parts.contains { $0.name == filter.state })
        }
        guard filter.step == nil && filter.state == nil || isKnown else {
            var names: [String] = []
            for step in steps {
                for part in step.parts where !names.contains("\(step.name)/\(part.name)") {
                    names.append("\(step.name)/\(part.name)")
                }
            }
            let owner = manifests.map { "\($0.id)" }.joined(separator: " and ")
            throw Failure(
                code: Code.usage,
                message: "there is no such state in snapshot \(owner), but \(names.joined(separator: ", "))")
        }
    }

    private func inspector(_ id: Int) throws -> SnapshotInspector {
        SnapshotInspector(StoredContents(try open(id), scratch: scratch), backends: backends)
    }

    /// The snapshot of the given number, or the latest.
    private func open(_ id: Int?) throws -> StoredSnapshot {
        let repository = try repository()
        guard let id = try id ?? repository.ids().last else { throw noSnapshots() }
        return try repository.openUnchecked(id)
    }

    private func repository() throws -> SnapshotRepository {
        if let pipeline { return SnapshotRepository(storage, pipeline: pipeline) }
        let names = try SnapshotRepository.pipelines(in: storage)
        guard let name = names.first else { throw noSnapshots() }
        guard names.count == 1 else {
            throw Failure(
                code: Code.usage,
                message: "there are several pipelines; choose one with --pipeline: \(names.joined(separator: ", "))")
        }
        return SnapshotRepository(storage, pipeline: name)
    }

    private func noSnapshots() -> Failure {
        let owner = pipeline.map { " of pipeline '\($0)'" } ?? ""
        return Failure(code: Code.noInput, message: "there are no snapshots\(owner) in \(storage.description)")
    }

    /// The code with which the command ends for an error.
    static func code(for error: any Error) -> Int32 {
        if let failure = error as? Failure { return failure.code }
        guard let error = error as? SnapshotError else { return Code.software }
        switch error.code {
        case .damaged, .missingFile, .newerFormat, .foreignPipeline: return Code.found
        case .noSnapshot, .storageFailed, .notPermitted: return Code.noInput
        default: return Code.software
        }
    }
}
