/// A snapshot whose rows can be read: what a ``SnapshotInspector`` looks into.
public protocol SnapshotContents {
    /// What the snapshot holds.
    var manifest: SnapshotManifest { get }

    /// Hands the rows of a state in the canonical form to `body`, layer by layer, removals included.
    ///
    /// - Parameters:
    ///   - groups: the key groups whose rows are wanted, and those that belong to no group; nil for all.
    /// - Throws: ``SnapshotError`` when a file is missing or damaged.
    func rows(step: String, part: String, groups: Range<Int>?, _ body: (StateRows) throws -> Void) throws

    /// The files of a worker's store, where a backend can open them.
    func files(of store: SnapshotManifest.Store) throws -> [StoreFile]
}

/// A row of a snapshot.
public struct SnapshotRow: Sendable, Equatable {
    /// The step's name.
    public let step: String
    /// The state's name.
    public let state: String
    /// The key's group; nil where rows have no group.
    public let keyGroup: Int?
    /// The key's bytes; empty where the row has none.
    public let keyBytes: [UInt8]
    /// The value's bytes.
    public let valueBytes: [UInt8]
    /// What the state holds.
    public let schema: StateSchema

    /// The key as JSON; nil where the row has none.
    public var key: String? {
        if keyBytes.isEmpty { return nil }
        return entryKeys?.0 ?? StateValueRenderer.json(keyBytes[...], schema.mapKey == nil ? schema.key : nil)
    }

    /// The map key as JSON, where the row is an entry of a map; nil also where its form isn't known.
    public var mapKey: String? { entryKeys?.1 }

    private var entryKeys: (String, String)? {
        schema.mapKey.flatMap { StateValueRenderer.json(keyBytes, schema.key, $0) }
    }

    /// The value as JSON.
    public var value: String { StateValueRenderer.json(valueBytes[...], schema.value) }

    /// The row as a line of JSON: step, state, key group, key, of entries of maps the map key, and value.
    public var json: String {
        var output = JSONOutput()
        output.object {
            $0.field("step", step)
            $0.field("state", state)
            $0.field("keyGroup", json: keyGroup.map { "\($0)" } ?? "null")
            $0.field("key", json: key ?? "null")
            if schema.mapKey != nil { $0.field("mapKey", json: mapKey ?? "null") }
            $0.field("value", json: value)
        }
        return output.text
    }
}
