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
            "give the state's codec a migration (StateCodec.migrating), or allow '\(name)' to be dropped"
        case .dropped: "give the program's state its old name, or allow '\(name)' to be dropped"
        default: "go back to the old type, give the state another name, or allow '\(name)' to be dropped"
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
        if timeToLive != written.timeToLive {
            func text(_ time: Int64?) -> String { time.map { "\($0) ms" } ?? "none" }
            // Rows of a state with a time to live begin with the time at which they expire.
            guard timeToLive != nil, written.timeToLive != nil else {
                let change = "from \(text(written.timeToLive)) to \(text(timeToLive))"
                return (FitReport(.incompatible, "the time to live changed \(change)"), false)
            }
            report.add(
                FitReport(
                    .compatible, "the time to live changed from \(text(written.timeToLive)) to \(text(timeToLive))"))
        }
        var needsRewrite = false
        switch (key, written.key) {
        case (let new?, let old?):
            let match = new.matchKeys(old)
            report.add(match.report)
            // Stores find keys by their bytes: those of Codable keys follow the order of the fields.
            needsRewrite = match.report.fit == .compatible && old.hasCodablePart
        case (nil, nil): break
        default: report.add(FitReport(.incompatible, "rows had \(written.key == nil ? "no keys" : "keys")"))
        }
        if let mapKey {
            let (match, isRewritten) = fit(maps: written, mapKey)
            report.add(match)
            needsRewrite = needsRewrite || isRewritten
        } else if let value, let old = written.value {
            let match = value.match(old)
            report.add(match.report)
            needsRewrite = needsRewrite || match.report.fit == .migrated
        }
        return (report, needsRewrite && report.fit <= .migrated)
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
        guard let value, let old = written.value else { return (keys, false) }
        var report = value.match(old).report
        let needsRewrite = report.fit == .migrated || keys.fit == .compatible && oldKey.form == .codable
        report.add(keys)
        return (report, needsRewrite)
    }
}
