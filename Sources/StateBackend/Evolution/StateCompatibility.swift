/// What becomes of one state of a snapshot in a program, or of a program's state that the snapshot lacks.
public struct StateCompatibility: Sendable, Equatable {
    /// What the two have in common; more may come.
    public enum Status: Sendable, Equatable {
        /// The program has a state that the snapshot lacks; it begins empty.
        case new
        /// The snapshot has a state that the program lacks.
        case dropped
        /// Both have it.
        case both(StateFit)
    }

    /// The step's name.
    public let step: String
    /// The state's name.
    public let state: String
    /// What the two have in common.
    public let status: Status
    /// What the snapshot holds; nil where the state is new.
    public let written: StateSchema?
    /// What the program has; nil where it was dropped.
    public let current: StateSchema?
    /// What has changed, in words.
    public let reasons: [String]
    /// The number of rows in the snapshot, as its manifest says.
    public let rowCount: Int
    /// Whether a store's own files can't be taken as they are: rows must be written again in the canonical form.
    ///
    /// So it is where a migration is applied, or keys have other bytes. A restore from canonical files needs nothing.
    public let needsRewrite: Bool

    /// The step's and the state's names, as they are given to allow a state to be dropped.
    public var name: String { "\(step)/\(state)" }

    /// Whether a job can start with the state as it is, without losing rows.
    public var isLoadable: Bool {
        switch status {
        case .new: true
        // What belongs to a worker is there at some parallelisms only.
        case .dropped:
            rowCount == 0
                || written?.distribution == .worker
                    && ![StateSchema.transactions, StateSchema.inFlight].contains(written?.kind)
        case .both(let fit): fit <= .migrated
        }
    }

    /// The status in a word or two: "same", "new", "dropped", "compatible", "migrated", "needs migration",
    /// "incompatible".
    public var label: String {
        switch status {
        case .new: "new"
        case .dropped: "dropped"
        case .both(.same): "same"
        case .both(.compatible): "compatible"
        case .both(.migrated): "migrated"
        case .both(.needsMigration): "needs migration"
        case .both(.incompatible): "incompatible"
        }
    }

    /// The state, its status and what has changed, in one line.
    public var line: String {
        var line = "\(name): \(label)"
        switch status {
        case .new: line += ", \(current?.text ?? "")"
        case .dropped: line += ", \(written?.text ?? ""), \(rowCount) rows"
        case .both(.same): break
        case .both: if !reasons.isEmpty { line += ": " + reasons.joined(separator: "; ") }
        }
        if needsRewrite { line += " (its store is rewritten)" }
        return line
    }

    /// What to do about a state that isn't loadable.
    var remedy: String {
        switch status {
        case .both(.needsMigration):
            "give the state's codec a migration (StateCodec.migrating), or its type (StateMigrating), or allow '\(name)' to "
                + "be dropped"
        case .dropped:
            "give the program's state its old name, or the snapshot's the new one (SnapshotRewrite.rename), or allow "
                + "'\(name)' to be dropped"
        default:
            "go back to the old type, write the snapshot anew with the state transformed (SnapshotRewrite), or allow "
                + "'\(name)' to be dropped"
        }
    }
}

extension TypeSchema {
    /// Whether fields in the order of the program are among the bytes.
    fileprivate var hasCodablePart: Bool { form == .codable || components.contains(where: \.hasCodablePart) }
}

extension StateSchema {
    /// The kind and the types in a few words.
    public var text: String {
        let types = [key, mapKey, value].compactMap { $0?.text }.joined(separator: " → ")
        return types.isEmpty ? kind : "\(kind) \(types)"
    }

    /// Kinds whose rows are alike: one value per key.
    private static let valueKinds: Set<String> = ["value", "reducing", "aggregating"]

    /// How rows of the schema `written` are read by a state of this one, and whether they must be written again.
    func fit(_ written: StateSchema) -> (report: FitReport, needsRewrite: Bool) {
        var report = FitReport()
        if kind != written.kind {
            guard Self.valueKinds.contains(kind), Self.valueKinds.contains(written.kind) else {
                return (FitReport(.incompatible, "the kind changed from \(written.kind) to \(kind)"), false)
            }
            report.add(FitReport(.compatible, "the kind changed from \(written.kind) to \(kind)"))
        }
        guard distribution == written.distribution else {
            return (
                FitReport(
                    .incompatible, "rows went by \(written.distribution) and now go by \(distribution)"), false
            )
        }
        // Values of a state with a time to live begin with the time at which they expire.
        let hasChangedForm = hasTimes != written.hasTimes
        switch (written.timeToLive, timeToLive) {
        case (let old?, let new?) where old != new:
            report.add(FitReport(.compatible, "the time to live changed from \(old) ms to \(new) ms"))
        case (nil, let new?):
            report.add(FitReport(.compatible, "values that are there live \(new) ms from the restore on"))
        case (let old?, nil):
            report.add(FitReport(.compatible, "values that are there and haven't expired lose their \(old) ms to live"))
        default: break
        }
        var needsRewrite = hasChangedForm
        switch (key, written.key) {
        case (let new?, let old?):
            let match = new.matchKeys(old)
            report.add(match.report)
            // Stores find keys by their bytes: those of Codable keys follow the order of the fields.
            needsRewrite = needsRewrite || match.report.fit == .compatible && old.hasCodablePart
        case (nil, nil): break
        default: report.add(FitReport(.incompatible, "rows had \(written.key == nil ? "no keys" : "keys")"))
        }
        if let mapKey {
            let (match, isRewritten) = fit(maps: written, mapKey)
            report.add(match)
            needsRewrite = needsRewrite || isRewritten
        } else if let (value, old) = values(written, hasChangedForm) {
            let match = value.match(old)
            report.add(match.report)
            needsRewrite = needsRewrite || match.report.fit == .migrated
        }
        return (report, needsRewrite && report.fit <= .migrated)
    }

    /// Whether values begin with the time at which they expire.
    private var hasTimes: Bool { timeToLive != nil }

    /// The types of this schema's values and of those of `written`, without their times where only one has them.
    private func values(_ written: StateSchema, _ hasChangedForm: Bool) -> (new: TypeSchema, old: TypeSchema)? {
        func plain(_ schema: StateSchema) -> TypeSchema? {
            hasChangedForm && schema.hasTimes ? schema.value?.components.first : schema.value
        }
        guard let new = plain(self), let old = plain(written) else { return nil }
        return (new, old)
    }

    /// How the map keys and values of `written` are read, and whether rows must be written again.
    private func fit(maps written: StateSchema, _ mapKey: TypeSchema) -> (report: FitReport, needsRewrite: Bool) {
        guard let oldKey = written.mapKey else {
            // A row was a whole map.
            guard let old = written.value?.components, old.count == 2 else {
                return (FitReport(.incompatible, "the form of the maps isn't known"), false)
            }
            var plain = mapKey
            if plain.form == .ordered { plain.form = .own }
            var report = FitReport(.compatible, "a row was a map and is now an entry")
            report.add(plain.matchKeys(old[0]).report)
            let value = timeToLive == nil ? value : value?.components.first
            if let value { report.add(value.match(old[1]).report) }
            return (report, true)
        }
        let keys = mapKey.matchKeys(oldKey).report
        let hasChangedForm = hasTimes != written.hasTimes
        guard let (value, old) = values(written, hasChangedForm) else { return (keys, false) }
        var report = value.match(old).report
        let needsRewrite = report.fit == .migrated || keys.fit == .compatible && oldKey.form == .codable
        report.add(keys)
        return (report, needsRewrite)
    }
}
