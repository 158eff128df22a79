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

    /// Some keys and values from `place` on: about `limit`, at the least one for a worker to look at.
    ///
    /// The part may change between two pages; see ``StateTable/page(_:limit:_:)``. A map may be in several pieces, one
    /// after the other, also on two pages.
    func page<SomeKey: StreamKey, SomeValue>(
        keys: SomeKey.Type, values: SomeValue.Type, from place: TablePlace, limit: Int
    ) throws -> LookupPage<SomeKey, SomeValue>

    /// The first entries of a key's ordered map whose map keys are in `range`, `limit` at most, in order.
    func scan<SomeKey: StreamKey, SomeMapKey: StreamKey, SomeValue>(
        _ key: SomeKey, in range: (from: SomeMapKey, to: SomeMapKey), limit: Int, values: SomeValue.Type
    ) throws -> [(key: SomeMapKey, value: SomeValue)]
}

/// Some keys and values of a state that is being read.
package struct LookupPage<Key, Value> {
    package var entries: [(key: Key, value: Value)]
    /// Where to go on; nil at the end.
    package var next: TablePlace?
}

extension LookupPage: Sendable where Key: Sendable, Value: Sendable {}

extension LookupPage {
    /// Puts a map together of its pieces; other values have but one.
    package static func joined(_ pieces: [Value]) -> Value? {
        guard pieces.count > 1, let first = pieces[0] as? any ReadableMap else { return pieces.first }
        return first.joined(pieces.dropFirst()) as? Value
    }
}

extension StatePart {
    /// The error of a state whose entries are in no order.
    func unordered() -> StateError {
        StateError(
            code: .unknownState,
            message: "the state is \(schema.kind), whose entries are in no order; only ordered maps are read by ranges")
    }

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
    /// What has expired is left out: values, and entries of maps; a map of which no entry lives is none.
    ///
    /// - Parameters:
    ///   - groups: the key groups that are read.
    ///   - now: the time by which what has expired is left out, in milliseconds since 1970. By default that at which the
    ///     snapshot was begun.
    ///   - codec: how values are read. By default ``StateCodec/automatic``. Maps are read as dictionaries, by the codecs
    ///     of their keys' and values' types.
    /// - Throws: ``StateError`` with code `unknownState` when there is no such state, `malformed` when it is of other
    ///   types; ``SnapshotError``.
    public func forEachEntry<Key: StreamKey, Value>(
        step: String, state: String, groups: Range<Int>, at now: Int64? = nil, codec: StateCodec<Value>? = nil,
        _ body: (Key, Value) throws -> Void
    ) throws {
        guard let part = manifest.part(state, of: step) else {
            throw StateError(
                code: .unknownState,
                message: "snapshot \(manifest.id) has no state '\(state)' of step '\(step)'")
        }
        let keys = StateCodec<Key>.automatic
        let now = now ?? manifest.begun
        // What expires has its type as a component.
        let written = part.schema.timeToLive == nil ? part.schema.value : part.schema.value?.components.first
        let isMap = part.schema.mapKey != nil
        func isOther(_ written: TypeSchema?, _ type: Any.Type) -> Bool {
            written.map { $0.name != TypeSchema.stableName(of: type) } ?? false
        }
        if isOther(part.schema.key, Key.self) || !isMap && isOther(written, Value.self) {
            throw StateError(
                code: .malformed,
                message: "state '\(state)' of step '\(step)' maps \(part.schema.key?.name ?? "?") to "
                    + "\(written?.name ?? "?"), not \(Key.self) to \(Value.self)")
        }
        let values = written.map { (codec ?? .automatic).reading($0) } ?? codec ?? .automatic
        if isMap {
            guard let type = Value.self as? any ReadableMap.Type else {
                throw StateError(
                    code: .malformed,
                    message: "the state holds maps, which are read as dictionaries, not as \(Value.self)")
            }
            for group in groups {
                try forEachMap(type, try rows(step, part, group: group), part.schema, keys, now, body)
            }
            return
        }
        for group in groups {
            for row in try rows(step, part, group: group) {
                var decoder = StateDecoder(row.keyBytes)
                let key = try keys.decode(&decoder)
                // The rows of windows have the window in front.
                guard decoder.isAtEnd else { throw decoder.malformed("the rows of '\(state)' have more than a key") }
                decoder = StateDecoder(row.valueBytes)
                // What expires has the time of that in front.
                if part.schema.timeToLive != nil, try decoder.readFixed(Int64.self) <= now { continue }
                try body(key, try values.decode(&decoder))
            }
        }
    }

    /// Hands the maps of rows to `body`, whose keys' rows lie one after the other.
    private func forEachMap<Key: StreamKey, Map: ReadableMap, Value>(
        _ type: Map.Type, _ rows: [SnapshotRow], _ schema: StateSchema, _ keys: StateCodec<Key>, _ now: Int64,
        _ body: (Key, Value) throws -> Void
    ) throws {
        let add = type.reader(schema)
        var current: (key: Key, map: Map)?
        func finish() throws { if let (key, map) = current, let value = map as? Value { try body(key, value) } }
        for row in rows {
            var decoder = StateDecoder(row.keyBytes)
            let key = try keys.decode(&decoder)
            var value = StateDecoder(row.valueBytes)
            if schema.timeToLive != nil, try value.readFixed(Int64.self) <= now { continue }
            if let last = current?.key, !Key.same(last, key) {
                try finish()
                current = nil
            }
            var map = current?.map ?? type.init()
            // Else it would be copied.
            current = nil
            try add(&map, &decoder, &value)
            current = (key, map)
        }
        try finish()
    }
}

/// A dictionary, as it is put together from rows.
private protocol ReadableMap {
    init()
    func joined(_ others: some Sequence) -> Any
    /// A function that adds a row's entry, of a state of the given schema.
    static func reader(
        _ written: StateSchema
    ) -> (_ map: inout Self, _ key: inout StateDecoder, _ value: inout StateDecoder) throws -> Void
}

extension Dictionary: ReadableMap where Key: StreamKey {
    fileprivate func joined(_ others: some Sequence) -> Any {
        var all = self
        for other in others { if let other = other as? Self { all.merge(other) { $1 } } }
        return all
    }

    fileprivate static func reader(
        _ written: StateSchema
    ) -> (_ map: inout Self, _ key: inout StateDecoder, _ value: inout StateDecoder) throws -> Void {
        let keys = written.mapKey?.form == .ordered ? StateCodec<Key>.ordered : .automatic
        let values = written.plainValue.map { StateCodec<Value>.automatic.reading($0) } ?? .automatic
        return { map, key, value in map[try keys.decode(&key)] = try values.decode(&value) }
    }
}
