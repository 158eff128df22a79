/// A state that a rewriting makes of one of the snapshot's.
struct RewriteTarget {
    /// Hands out the rows of the old state, some at a time, those of one key together.
    typealias Source = (_ body: ([SnapshotRow]) throws -> Void) throws -> Void
    /// Makes the new rows whose keys have a hash that is wanted, and hands them out, some at a time.
    typealias Transform = (
        _ source: Source, _ isWanted: @escaping (UInt64) -> Bool, _ put: @escaping (inout StateRows) throws -> Void
    ) throws -> Void

    var step: String
    let state: String
    let schema: StateSchema
    /// Nil where the rows stay as they are.
    let transform: Transform?

    init(step: String, state: String, schema: StateSchema, transform: Transform?) {
        self.step = step
        self.state = state
        self.schema = schema
        self.transform = transform
    }

    static func collision(_ name: String, _ key: String) -> SnapshotError {
        SnapshotError(
            code: .keyCollision,
            message:
                "two keys of the state '\(name)' become the key \(key); give the transformation a merging closure, or "
                + "make keys that differ")
    }

    /// The same rows under other keys.
    static func rekeying<OldKey: StreamKey, NewKey: StreamKey>(
        _ part: SnapshotManifest.Part, of step: String, _ body: @escaping (OldKey) throws -> NewKey
    ) throws -> RewriteTarget {
        let (oldKeys, newKeys) = (StateCodec<OldKey>.automatic, StateCodec<NewKey>.automatic)
        let written = part.schema.key
        // The rows of windows have the window's bounds in front.
        let bounds = StateCodec<Pair<Int64, Int64>>.automatic
        let isWindowed =
            written?.components.count == 2 && written?.components.first?.name == bounds.schema.name
            && !oldKeys.schema.matchKeys(written ?? oldKeys.schema).report.isReadable
        let key = isWindowed ? written?.components.last : written
        guard let key, oldKeys.schema.matchKeys(key).report.isReadable else {
            throw StateError(
                code: .incompatible,
                message: "the keys of the state '\(step)/\(part.name)' are \(written?.text ?? "unknown"), not "
                    + "\(oldKeys.schema.text); rekey it by their type, or transform, rename or drop it before")
        }
        var schema = part.schema
        schema.key = newKeys.schema
        if isWindowed {
            schema.key = TypeSchema(
                name: TypeSchema.stableName(of: Pair<Pair<Int64, Int64>, NewKey>.self), form: .own,
                components: [bounds.schema, newKeys.schema])
        }
        return RewriteTarget(step: step, state: part.name, schema: schema) { source, isWanted, put in
            var seen: [[UInt8]: [UInt8]] = [:]
            var rows = StateRows()
            try source { old in
                for row in old {
                    var decoder = StateDecoder(row.keyBytes)
                    if isWindowed { _ = try bounds.decode(&decoder) }
                    let start = decoder.position
                    let oldKey = try oldKeys.decode(&decoder)
                    let newKey = try body(oldKey)
                    guard isWanted(newKey.stableHash) else { continue }
                    var encoder = StateEncoder()
                    encoder.bytes.append(contentsOf: row.keyBytes[..<start])
                    try newKeys.encode(newKey, into: &encoder)
                    encoder.bytes.append(contentsOf: row.keyBytes[decoder.position...])
                    if seen.updateValue(row.keyBytes, forKey: encoder.bytes) != nil {
                        throw collision("\(step)/\(part.name)", "\(newKey)")
                    }
                    rows.append(hash: newKey.stableHash, key: encoder.bytes, value: row.valueBytes)
                    if rows.byteCount > 1 << 20 { try put(&rows) }
                }
            }
            try put(&rows)
        }
    }
}

extension FitReport {
    /// Whether what was written can be read.
    var isReadable: Bool { fit <= .migrated }
}
