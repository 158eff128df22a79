/// Writes a stored snapshot anew, as a savepoint, with some of its states changed: for what no codec's migration can do.
///
/// States can be renamed, dropped, and made into others by closures: of another kind, with keys or values of other types,
/// several of one. Everything else is kept: rows, the sources' positions, watermarks, timers. A job begins with the result
/// as with any savepoint. As Flink's State Processor API, but row by row, without a job.
/// ```swift
/// var rewrite = try SnapshotRewrite(repository)
/// try rewrite.rename("spent/total", to: "spent/sum")
/// try rewrite.transform("spent/last", from: StateForm<String, Int>.value(), into: StateForm<String, [Int]>.list()) {
///     [($0, [$1])]
/// }
/// try rewrite.write(to: repository)
/// ```
/// The snapshot is read key group by key group; of a state that is transformed up to 256 MiB are held, and a larger one is
/// gone through several times. So are the keys of a step that gets others.
///
/// Records under way that a barrier had overtaken are kept as they are. Begin with an aligned snapshot
/// where a step's keys change.
public struct SnapshotRewrite {
    /// What the snapshot holds.
    public let manifest: SnapshotManifest

    /// The bytes of a state that are held in memory while it is transformed.
    package var heldBytes = 256 << 20
    let snapshot: StoredSnapshot
    /// Where files of stores are put, unless the caller has named a place.
    private let scratch: ScratchDirectory?
    let inspector: SnapshotInspector
    /// What the states of the snapshot become, by name; those that aren't here stay as they are.
    private(set) var changes: [String: [RewriteTarget]] = [:]
    /// The states of steps that get other keys, by name, for those of them that aren't transformed or dropped.
    private(set) var rekeyed: [String: RewriteTarget] = [:]
    private(set) var stepNames: [String: String] = [:]

    /// A rewriting of a snapshot that changes nothing yet.
    ///
    /// Every file is checked.
    ///
    /// - Parameters:
    ///   - repository: where the snapshot is.
    ///   - number: its number; nil for the latest.
    ///   - backends: those that may have written stores of their own format.
    ///   - scratch: a directory for files of such stores that the storage doesn't have as files; the caller removes it.
    ///     By default one of the system's temporary directories, which goes with the rewriting.
    /// - Throws: ``SnapshotError``, with code `noSnapshot` where there is none.
    public init(
        _ repository: SnapshotRepository, _ number: Int? = nil, backends: [any StateBackend] = [], scratch: String = ""
    ) throws {
        guard let snapshot = try number.map({ try repository.open($0) }) ?? repository.openLatest() else {
            throw SnapshotError(
                code: .noSnapshot,
                message: "\(repository.storage.description) has no snapshot of pipeline '\(repository.pipeline)'")
        }
        self.snapshot = snapshot
        let needsScratch = scratch.isEmpty && !snapshot.manifest.stores.isEmpty
        self.scratch = needsScratch ? try ScratchDirectory(prefix: "weir-rewrite") : nil
        let contents = StoredContents(snapshot, scratch: self.scratch?.path ?? scratch)
        inspector = SnapshotInspector(contents, backends: backends)
        manifest = snapshot.manifest
    }

    /// Gives a state another name, and another step where it is to have one.
    ///
    /// - Parameters:
    ///   - name: the state in the snapshot, as "step/state".
    ///   - newName: its new name, as "step/state".
    /// - Throws: ``StateError`` with code `unknownState` where the snapshot has no such state; ``SnapshotError`` with code
    ///   `conflict` where it is dropped.
    public mutating func rename(_ name: String, to newName: String) throws {
        let (part, _) = try find(name)
        let (step, state) = try split(newName)
        try add(
            name, RewriteTarget(step: step, isOfOwnStep: false, state: state, schema: part.schema, work: .copy))
    }

    /// Gives a step another name: with its states, its watermark and, where it is a source, its positions.
    ///
    /// The states that other calls change are named as in the snapshot all the same. New names that they give are those of
    /// the result: where steps swap names, or one takes another's, the step in such a name is the new one.
    ///
    /// - Throws: ``StateError`` with code `unknownState` where the snapshot has no such step.
    public mutating func rename(step: String, to newStep: String) throws {
        guard
            manifest.steps.contains(where: { $0.name == step })
                || manifest.positions.contains(where: { $0.source == step })
        else {
            throw StateError(
                code: .unknownState,
                message: "snapshot \(manifest.id) has no step '\(step)'; it has \(manifest.steps.map(\.name))")
        }
        stepNames[step] = newStep
    }

    /// Leaves a state out.
    ///
    /// - Parameter name: the state in the snapshot, as "step/state".
    /// - Throws: ``StateError`` with code `unknownState` where the snapshot has no such state; ``SnapshotError`` with code
    ///   `conflict` where it is renamed or transformed.
    public mutating func drop(_ name: String) throws {
        _ = try find(name)
        guard changes[name]?.isEmpty ?? true else { throw Self.conflict(name) }
        changes[name] = []
    }

    private static func conflict(_ name: String) -> SnapshotError {
        SnapshotError(
            code: .conflict, message: "the state '\(name)' is dropped, and renamed or transformed; do one of the two")
    }

    /// Makes another state of a state, key by key.
    ///
    /// Called several times for one state it makes several of it; the state itself is not kept beside them. A state with
    /// a time to live keeps it: what is made of a key's value expires when that would have, of a map when its last entry
    /// would have. Whether a state has one may change by itself, when the job begins.
    ///
    /// - Parameters:
    ///   - name: the state in the snapshot, as "step/state".
    ///   - newName: the new state's name; by default the old one.
    ///   - old: what the state is. Its types may be newer than what was saved, as when a job begins.
    ///   - new: what it becomes.
    ///   - merge: makes one value of two that come to the same key. By default that is an error.
    ///   - body: the new keys and values that are made of an old key and its value: none, one or several. It may be called
    ///     more than once for a key, and must then say the same.
    /// - Throws: ``StateError`` with code `unknownState` where the snapshot has no such state; `incompatible` where it isn't
    ///   what `old` says. ``SnapshotError`` with code `conflict` where it is dropped.
    public mutating func transform<OldKey: StreamKey, Old, NewKey: StreamKey, New>(
        _ name: String, to newName: String? = nil, from old: StateForm<OldKey, Old>, into new: StateForm<NewKey, New>,
        merging merge: ((New, New) throws -> New)? = nil,
        _ body: @escaping (OldKey, Old) throws -> [(NewKey, New)]
    ) throws {
        let (part, step) = try find(name)
        let place = try newName.map { try split($0) } ?? (step: step, state: part.name)
        let life = part.schema.timeToLive
        let (report, _) = old.schema.expiring(life).fit(part.schema)
        guard report.fit <= .migrated else {
            throw StateError(
                code: .incompatible,
                message: "the state '\(name)' of the snapshot is \(part.schema.text), not \(old.schema.text): "
                    + report.reasons.joined(separator: "; "))
        }
        let read = try old.reader(part.schema)
        let newKeys = StateCodec<NewKey>.automatic
        func isSame(_ key: OldKey, _ newKey: NewKey) -> Bool {
            if let newKey = newKey as? OldKey { return OldKey.same(key, newKey) }
            // Of another type; whether that is read as the old one is told by the schemas.
            return key.stableHash == newKey.stableHash
        }
        let transform: RewriteTarget.Transform = { source, pass in
            var found: [[UInt8]: (key: NewKey, value: New, expiry: Int64?)] = [:]
            var held = 0
            try source { rows in
                var (made, wanted) = (0, 0)
                try read(rows) { key, value, expiry in
                    let results = try body(key, value)
                    made += results.count
                    if !results.isEmpty && !results.contains(where: { isSame(key, $0.0) }) { pass.changesKey() }
                    for (newKey, newValue) in results where pass.isWanted(newKey.stableHash) {
                        wanted += 1
                        var encoder = StateEncoder()
                        try newKeys.encode(newKey, into: &encoder)
                        guard let other = found[encoder.bytes] else {
                            found[encoder.bytes] = (newKey, newValue, expiry)
                            held += encoder.bytes.count + 64
                            continue
                        }
                        guard let merge else { throw RewriteTarget.collision(name, "\(newKey)") }
                        let later = expiry.map { max($0, other.expiry ?? .min) }
                        found[encoder.bytes] = (newKey, try merge(other.value, newValue), later)
                    }
                }
                // What a value takes isn't known: as much as the rows that it was made of.
                let bytes = rows.reduce(0) { $0 + $1.keyBytes.count + $1.valueBytes.count }
                held += made == 0 ? 0 : bytes * wanted / made
                if held > pass.limit { throw RewritePass.HoldsTooMuch() }
            }
            var rows = StateRows()
            for (_, entry) in found {
                try new.write(entry.key, entry.value, entry.expiry, &rows)
                if rows.byteCount > 1 << 20 { try pass.put(&rows) }
            }
            try pass.put(&rows)
        }
        try add(
            name,
            RewriteTarget(
                step: place.step, isOfOwnStep: newName == nil, state: place.state, schema: new.schema.expiring(life),
                work: .transform(transform)))
    }

    /// Gives all states of a step keys of another type, its timers and windows among them; values stay as they are.
    ///
    /// States of the step that other calls transform, drop, or rename into another step are left to these. That no two keys
    /// become one is checked for the whole step, in a first reading.
    ///
    /// - Parameters:
    ///   - step: the step in the snapshot.
    ///   - body: the new key of an old one. It is called more than once for a key, and must then say the same.
    /// - Throws: ``StateError`` with code `unknownState` where the snapshot has no such step; `incompatible` where a state
    ///   has keys of another type than `OldKey`.
    public mutating func rekey<OldKey: StreamKey, NewKey: StreamKey>(
        _ step: String, from old: OldKey.Type = OldKey.self, to new: NewKey.Type = NewKey.self,
        _ body: @escaping (OldKey) throws -> NewKey
    ) throws {
        guard let found = manifest.steps.first(where: { $0.name == step }) else {
            throw StateError(
                code: .unknownState,
                message: "snapshot \(manifest.id) has no step '\(step)'; it has \(manifest.steps.map(\.name))")
        }
        for part in found.parts where part.schema.distribution == .keyed {
            let name = "\(step)/\(part.name)"
            // A renamed one gets the new keys, too.
            guard changes[name]?.contains(where: \.work.isCopy) ?? true else { continue }
            rekeyed[name] = try .rekeying(part, of: step, body)
        }
    }

    private mutating func add(_ name: String, _ target: RewriteTarget) throws {
        guard changes[name]?.isEmpty != true else { throw Self.conflict(name) }
        changes[name, default: []].append(target)
    }

    private func find(_ name: String) throws -> (part: SnapshotManifest.Part, step: String) {
        for step in manifest.steps {
            for part in step.parts where "\(step.name)/\(part.name)" == name { return (part, step.name) }
        }
        let names = manifest.steps.flatMap { step in step.parts.map { "\(step.name)/\($0.name)" } }
        throw StateError(
            code: .unknownState, message: "snapshot \(manifest.id) has no state '\(name)'; it has \(names)")
    }

    /// The step and the state of a new name.
    private func split(_ name: String) throws -> (step: String, state: String) {
        // A step's name may have slashes in it: the longest that the snapshot has counts.
        let known = manifest.steps.map(\.name) + stepNames.values
        if let step = known.filter({ name.hasPrefix($0 + "/") }).max(by: { $0.count < $1.count }) {
            return (step, String(name.dropFirst(step.count + 1)))
        }
        guard let slash = name.firstIndex(of: "/"), slash != name.startIndex, name.index(after: slash) != name.endIndex
        else {
            throw StateError(code: .unknownState, message: "'\(name)' names no state; write \"step/state\"")
        }
        return (String(name[..<slash]), String(name[name.index(after: slash)...]))
    }
}
