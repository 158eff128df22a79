import StateBackend

/// A snapshot in memory: the layers of rows that steps have saved.
struct HeldSnapshot: SnapshotContents {
    var manifest = SnapshotManifest(
        pipeline: "ads", id: 7, kind: .snapshot, begun: 1_700_000_000_000, parallelism: 2, keyGroups: 8)
    private var layers: [String: [StateRows]] = [:]

    /// Adds a part's layers.
    mutating func add(_ step: String, _ name: String, _ schema: StateSchema, _ rows: [StateRows]) {
        layers["\(step)/\(name)"] = rows
        let part = SnapshotManifest.Part(
            name: name, schema: schema, rowCount: rows.reduce(0) { $0 + $1.count },
            byteCount: rows.reduce(0) { $0 + $1.byteCount })
        guard let index = manifest.steps.firstIndex(where: { $0.name == step }) else {
            manifest.steps.append(
                .init(name: step, watermark: 1_700_000_000_000, parts: [part], captureNanoseconds: 5_000))
            return
        }
        manifest.steps[index].parts.append(part)
    }

    /// Adds all that a step has.
    mutating func add(_ state: StepState) throws {
        var saved: [String: SavedPart] = [:]
        try state.save(into: &saved)
        for name in state.names {
            if let part = saved[name] { add(state.step, name, part.schema, [part.rows]) }
        }
    }

    func rows(step: String, part: String, groups: Range<Int>?, _ body: (StateRows) throws -> Void) throws {
        for rows in layers["\(step)/\(part)"] ?? [] { try body(rows) }
    }

    func files(of store: SnapshotManifest.Store) -> [StoreFile] { [] }
}
