/// One go through the rows of a state that is transformed, for some of the new keys.
struct RewritePass {
    /// Thrown where a pass holds more than it may; it is made again in two.
    struct HoldsTooMuch: Error {}

    /// The bytes that may be held.
    let limit: Int
    /// Whether the key of a hash belongs to the pass.
    let isWanted: (UInt64) -> Bool
    /// Takes new rows, some at a time.
    let put: (inout StateRows) throws -> Void
    /// Is told when a key comes to others.
    let changesKey: () -> Void
}

/// A state that a rewriting makes of one of the snapshot's.
struct RewriteTarget {
    /// Hands out the rows of the old state, some at a time, those of one key together.
    typealias Source = (_ body: ([SnapshotRow]) throws -> Void) throws -> Void
    /// Makes the new rows whose keys have a hash that is wanted, and hands them out, some at a time.
    typealias Transform = (_ source: Source, _ pass: RewritePass) throws -> Void
    /// The new key of a row.
    typealias KeyMap = (_ row: SnapshotRow) throws -> MappedKey

    /// A row's new key.
    struct MappedKey {
        var hash: UInt64
        /// The whole key of the row, as it is written.
        var row: [UInt8]
        /// The new key alone, and the old one that it is made of.
        var key: [UInt8], old: [UInt8]
        /// The new key for people.
        var text: String
    }

    /// What is done with the rows.
    enum Work {
        case copy
        case rekey(KeyMap)
        case transform(Transform)

        var isCopy: Bool { if case .copy = self { true } else { false } }
    }

    /// The step that the state will be of.
    var step: String
    /// Whether that is the one that it is of, whatever its name becomes.
    let isOfOwnStep: Bool
    let state: String
    var schema: StateSchema
    var work: Work

    static func collision(_ name: String, _ key: String) -> SnapshotError {
        SnapshotError(
            code: .keyCollision,
            message:
                "two keys of the state '\(name)' become the key \(key); give the transformation a merging closure, or "
                + "make keys that differ")
    }

    /// The error of two keys of a step that become one.
    static func collision(ofStep step: String, _ key: String) -> SnapshotError {
        SnapshotError(
            code: .keyCollision,
            message:
                "two keys of the step '\(step)' become the key \(key); make keys that differ, or transform its states "
                + "with merging closures")
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
                    + "\(oldKeys.schema.text); rekey it by their type, or transform or drop it before")
        }
        var schema = part.schema
        schema.key = newKeys.schema
        if isWindowed {
            schema.key = TypeSchema(
                name: TypeSchema.stableName(of: Pair<Pair<Int64, Int64>, NewKey>.self), form: .own,
                components: [bounds.schema, newKeys.schema])
        }
        let map: KeyMap = { row in
            var decoder = StateDecoder(row.keyBytes)
            if isWindowed { _ = try bounds.decode(&decoder) }
            let start = decoder.position
            let oldKey = try oldKeys.decode(&decoder)
            let newKey = try body(oldKey)
            // States may have written one key in different bytes, as when it was widened.
            var (old, new) = (StateEncoder(), StateEncoder())
            try oldKeys.encode(oldKey, into: &old)
            try newKeys.encode(newKey, into: &new)
            let bytes = row.keyBytes[..<start] + new.bytes + row.keyBytes[decoder.position...]
            return MappedKey(
                hash: newKey.stableHash, row: [UInt8](bytes), key: new.bytes, old: old.bytes, text: "\(newKey)")
        }
        return RewriteTarget(step: step, isOfOwnStep: true, state: part.name, schema: schema, work: .rekey(map))
    }
}

extension FitReport {
    /// Whether what was written can be read.
    var isReadable: Bool { fit <= .migrated }
}
