/// A state that can be looked up by key, by those who know its types: for live reads.
package protocol StateLookup: StatePart {
    /// The value of a key as users see it; nil when there is none.
    ///
    /// - Throws: ``StateError`` with code `unknownState` when keys or values are of other types.
    func look<SomeKey: StreamKey, SomeValue>(up key: SomeKey, of values: SomeValue.Type) throws -> SomeValue?

    /// All keys and values.
    func entries<SomeKey: StreamKey, SomeValue>(
        keys: SomeKey.Type, values: SomeValue.Type
    ) throws -> [SomeKey: SomeValue]
}

extension StatePart {
    /// The error of a state that is read by other types than it has.
    func mismatch(_ keys: Any.Type, _ values: Any.Type) -> StateError {
        StateError(
            code: .unknownState,
            message:
                "the state maps \(schema.key?.name ?? "?") to \(schema.value?.name ?? "?"), not \(keys) to \(values)")
    }
}

extension SnapshotInspector {
    /// Hands the keys and values of a keyed state to `body`, decoded by the types' own codecs.
    ///
    /// - Parameters:
    ///   - groups: the key groups that are read.
    ///   - codec: how values are read. By default ``StateCodec/automatic``.
    /// - Throws: ``StateError`` with code `unknownState` when there is no such state, `malformed` when it is of other
    ///   types; ``SnapshotError``.
    public func forEachEntry<Key: StreamKey, Value>(
        step: String, state: String, groups: Range<Int>, codec: StateCodec<Value>? = nil,
        _ body: (Key, Value) throws -> Void
    ) throws {
        guard let part = manifest.part(state, of: step) else {
            throw StateError(
                code: .unknownState,
                message: "snapshot \(manifest.id) has no state '\(state)' of step '\(step)'")
        }
        let keys = StateCodec<Key>.automatic
        let values = codec ?? .automatic
        for group in groups {
            for row in try rows(step, part, group: group) {
                var decoder = StateDecoder(row.keyBytes)
                let key = try keys.decode(&decoder)
                decoder = StateDecoder(row.valueBytes)
                // What expires has the time of that in front.
                if part.schema.timeToLive != nil { _ = try decoder.readFixed(Int64.self) }
                try body(key, try values.decode(&decoder))
            }
        }
    }
}
