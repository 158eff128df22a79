/// A table as a part of a step's state: a row is a key and its value.
final class TablePart<Key: StreamKey, Value>: StatePart {
    private let table: StateTable<Key, Value>
    private let kind: String
    private let traits: TableTraits<Value>
    let keyCodec = StateCodec<Key>.automatic
    let valueCodec: StateCodec<Value>
    /// Reads values as an older program may have written them.
    private var loadCodec: StateCodec<Value>

    init(table: StateTable<Key, Value>, kind: String, codec: StateCodec<Value>, traits: TableTraits<Value>) {
        self.table = table
        self.kind = kind
        self.traits = traits
        valueCodec = codec
        loadCodec = codec
    }

    var distribution: StateDistribution { .keyed }

    var schema: StateSchema {
        var schema = StateSchema(
            kind: kind, key: keyCodec.schema, value: valueCodec.schema, distribution: distribution)
        schema.timeToLive = traits.timeToLive
        return schema
    }

    func save(into rows: inout StateRows) throws {
        try table.forEachUnchanged { key, value in try writeLiving(key, value, &rows) }
    }

    func capture(_ mode: CaptureMode) throws -> any StateCapture {
        // Changes are written when they have expired, too: a map that was saved before may have had other entries.
        if mode == .everything && table.store == nil {
            return table.capture(mode) { [self] in try writeLiving($0, $1, &$2) }
        }
        return table.capture(mode) { [self] in try writeRow($0, $1, &$2) }
    }

    private func writeLiving(_ key: Key, _ value: Value, _ rows: inout StateRows) throws {
        if let isExpired = traits.isExpired, isExpired(value) { return }
        try writeRow(key, value, &rows)
    }

    private func writeRow(_ key: Key, _ value: Value, _ rows: inout StateRows) throws {
        try rows.append(hash: key.stableHash) {
            try keyCodec.encode(key, into: &$0)
        } value: {
            try valueCodec.encode(value, into: &$0)
        }
    }

    func prepareToLoad(_ written: StateSchema) {
        loadCodec = written.value.map { valueCodec.reading($0) } ?? valueCodec
    }

    func load(_ row: inout StateDecoder) throws {
        let key = try keyCodec.decode(&row)
        let value = try loadCodec.decode(&row)
        table.upsert(key, hash: key.stableHash, value).pointee = value
    }

    func unload(_ key: inout StateDecoder) throws {
        let key = try keyCodec.decode(&key)
        table.remove(key, hash: key.stableHash)
    }

    func inspect(_ body: (Any, Any) throws -> Void) rethrows {
        try table.forEachUnchanged { key, value in
            if let shown = traits.reveal(value) { try body(key, shown) }
        }
    }
}

extension TablePart: StateLookup {
    func look<SomeKey: StreamKey, SomeValue>(up key: SomeKey, of values: SomeValue.Type) throws -> SomeValue? {
        guard let key = key as? Key else { throw mismatch(SomeKey.self, SomeValue.self) }
        guard let value = table.peek(key, hash: key.stableHash)?.pointee, let shown = traits.reveal(value) else {
            return nil
        }
        guard let found = shown as? SomeValue else { throw mismatch(SomeKey.self, SomeValue.self) }
        return found
    }

    func entries<SomeKey: StreamKey, SomeValue>(
        keys: SomeKey.Type, values: SomeValue.Type
    ) throws -> [SomeKey: SomeValue] {
        var entries: [SomeKey: SomeValue] = [:]
        try table.forEachUnchanged { key, value in
            guard let shown = traits.reveal(value) else { return }
            guard let key = key as? SomeKey, let value = shown as? SomeValue else {
                throw mismatch(SomeKey.self, SomeValue.self)
            }
            entries[key] = value
        }
        return entries
    }
}
