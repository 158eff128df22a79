/// A look into a snapshot: its rows, decoded without the program's types, whatever backend wrote them.
///
/// Rows of several layers are merged: the last one of a key counts, and removed keys are gone. Key groups are read one
/// after the other, so that the memory taken is that of one group's rows.
public struct SnapshotInspector {
    /// The snapshot.
    public let contents: any SnapshotContents
    /// Opens the stores of workers whose state doesn't lie in canonical files.
    private let stores: SnapshotStores

    /// A look into a snapshot.
    ///
    /// - Parameter backends: those that may have written stores of their own format.
    public init(_ contents: any SnapshotContents, backends: [any StateBackend] = []) {
        self.contents = contents
        stores = SnapshotStores(contents, backends: backends)
    }

    /// What the snapshot holds.
    public var manifest: SnapshotManifest { contents.manifest }

    /// Which rows are wanted.
    public struct Filter: Sendable {
        /// Only this step's.
        public var step: String?
        /// Only states of this name.
        public var state: String?
        /// Only this key's: the key as JSON, or the text of a key that is a string.
        public var key: String?

        /// The rows of the given step, state and key; nil stands for all.
        public init(step: String? = nil, state: String? = nil, key: String? = nil) {
            self.step = step
            self.state = state
            self.key = key
        }

        func takes(step: String, state: String) -> Bool {
            (self.step ?? step) == step && (self.state ?? state) == state
        }

        func takes(_ row: SnapshotRow) -> Bool {
            guard let key else { return true }
            guard let json = row.key else { return false }
            if json == key { return true }
            var quoted = JSONOutput()
            quoted.value(key)
            return json == quoted.text
        }
    }

    /// Hands the rows to `body` until it returns false: by step, state, key group and key.
    ///
    /// - Throws: ``SnapshotError`` with code `damaged` or `missingFile`; `incompatible` when a state lies in a store that
    ///   no backend opens.
    public func forEachRow(_ filter: Filter = Filter(), _ body: (SnapshotRow) throws -> Bool) throws {
        for step in manifest.steps {
            for part in step.parts where filter.takes(step: step.name, state: part.name) {
                for group in groups(of: part, filter) {
                    for row in try rows(step.name, part, group: group) where filter.takes(row) {
                        guard try body(row) else { return }
                    }
                }
            }
        }
    }

    /// The number of rows of a state, counted, where the manifest counts rows of several layers.
    public func count(step: String, state: String) throws -> Int {
        var count = 0
        try forEachRow(Filter(step: step, state: state)) { _ in
            count += 1
            return true
        }
        return count
    }

    /// The pieces in which a part is read: its key groups, or nil for all at once; where a key is wanted, only the groups
    /// that it can be in, if that can be told.
    func groups(of part: SnapshotManifest.Part, _ filter: Filter) -> [Int?] {
        guard part.schema.distribution == .keyed else { return [nil] }
        if let key = filter.key, let hashes = KeyText.hashes(of: key, part.schema.key) {
            let keyGroups = KeyGroups(count: manifest.keyGroups)
            return Set(hashes.map { keyGroups.group(ofHash: $0) }).sorted()
        }
        return (0..<manifest.keyGroups).map { $0 }
    }

    /// The rows of a part and a key group as they count, ordered by their keys' bytes.
    func rows(_ step: String, _ part: SnapshotManifest.Part, group: Int?) throws -> [SnapshotRow] {
        let keyGroups = KeyGroups(count: manifest.keyGroups)
        var merged: [[UInt8]: [UInt8]] = [:]
        var keyless: [[UInt8]] = []
        try contents.rows(step: step, part: part.name, groups: group.map { $0..<($0 + 1) }) { rows in
            for row in rows.rows {
                if let group, keyGroups.group(ofHash: row.hash) != group { continue }
                let key = [UInt8](rows.key(of: row))
                if key.isEmpty {
                    // It stands for itself.
                    keyless.append([UInt8](rows.value(of: row)))
                } else {
                    merged[key] = row.isRemoval ? nil : [UInt8](rows.value(of: row))
                }
            }
        }
        if part.isStored {
            let id = StateEnvironment.id(step: step, part: part.name)
            try stores.scan(id, group: group) { merged[$0] = $1 }
        }
        let sorted = merged.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        func row(_ key: [UInt8], _ value: [UInt8]) -> SnapshotRow {
            SnapshotRow(
                step: step, state: part.name, keyGroup: group, keyBytes: key, valueBytes: value, schema: part.schema)
        }
        return sorted.map { row($0.key, $0.value) } + keyless.map { row([], $0) }
    }
}
