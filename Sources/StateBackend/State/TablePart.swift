/// A table as a part of a step's state: a row is a key and its value.
@usableFromInline
final class TablePart<Key: StreamKey, Value>: StatePart {
    private let table: StateTable<Key, Value>
    private let kind: String
    private let traits: TableTraits<Value>
    let keyCodec = StateCodec<Key>.automatic
    let valueCodec: StateCodec<Value>
    /// Reads values as an older program may have written them.
    private var loadCodec: StateCodec<Value>
    /// The time by which rows have expired that have the time of that in front, though values don't expire.
    private var loadTime: Int64?

    private let begin: (CaptureMode, ((Value) -> Bool)?) -> TableCapture<Key, Value>
    private let put: (inout StateDecoder, StateCodec<Value>, Int64?) throws -> Void

    /// - Parameters:
    ///   - begin: begins a capture, which leaves out values of which the second argument says that they have expired.
    ///   - put: takes in a row, whose value is read by the given codec; where a time is given, only if the row's own,
    ///     which stands before the value, is later.
    @usableFromInline
    init(
        table: StateTable<Key, Value>, kind: String, codec: StateCodec<Value>, traits: TableTraits<Value>,
        begin: @escaping (CaptureMode, ((Value) -> Bool)?) -> TableCapture<Key, Value>,
        put: @escaping (inout StateDecoder, StateCodec<Value>, Int64?) throws -> Void
    ) {
        self.begin = begin
        self.put = put
        self.table = table
        self.kind = kind
        self.traits = traits
        valueCodec = codec
        loadCodec = codec
    }

    @usableFromInline
    var distribution: StateDistribution { .keyed }

    @usableFromInline var isStored: Bool { table.store != nil }

    @usableFromInline
    var schema: StateSchema {
        var schema = StateSchema(
            kind: kind, key: keyCodec.schema, value: valueCodec.schema, distribution: distribution)
        schema.timeToLive = traits.timeToLive
        return schema
    }

    @usableFromInline
    func save(into rows: inout StateRows) throws {
        try table.forEachUnchanged { key, value in try writeLiving(key, value, &rows) }
    }

    @usableFromInline
    func capture(_ mode: CaptureMode) throws -> any StateCapture {
        // Changes are written when they have expired, too: a map that was saved before may have had other entries.
        begin(mode, mode == .everything && table.store == nil ? traits.isExpired : nil)
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

    @usableFromInline
    func prepareToLoad(_ written: StateSchema) {
        loadTime = nil
        switch (traits.timeToLive, written.timeToLive) {
        case (nil, _?):
            loadTime = traits.clock()
            loadCodec = written.value?.components.first.map { valueCodec.reading($0) } ?? valueCodec
        case (_?, nil): loadCodec = traits.adopt?(written.value) ?? valueCodec
        default: loadCodec = written.value.map { valueCodec.reading($0) } ?? valueCodec
        }
    }

    @usableFromInline
    func reserve(_ rowCount: Int) { table.reserve(rowCount) }

    @usableFromInline
    func load(_ row: inout StateDecoder) throws {
        try put(&row, loadCodec, loadTime)
    }

    @usableFromInline
    func unload(_ key: inout StateDecoder) throws {
        let key = try keyCodec.decode(&key)
        table.remove(key, hash: key.stableHash)
    }

    @usableFromInline
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

    func page<SomeKey: StreamKey, SomeValue>(
        keys: SomeKey.Type, values: SomeValue.Type, from place: TablePlace, limit: Int
    ) throws -> LookupPage<SomeKey, SomeValue> {
        var entries: [(key: SomeKey, value: SomeValue)] = []
        let next = try table.page(place, limit: limit) { key, value in
            guard let shown = traits.reveal(value) else { return 1 }
            guard let key = key as? SomeKey, let value = shown as? SomeValue else {
                throw mismatch(SomeKey.self, SomeValue.self)
            }
            entries.append((key, value))
            return 1
        }
        return LookupPage(entries: entries, next: next)
    }

    func scan<SomeKey: StreamKey, SomeMapKey: StreamKey, SomeValue>(
        _ key: SomeKey, in range: (from: SomeMapKey, to: SomeMapKey), limit: Int, values: SomeValue.Type
    ) throws -> [(key: SomeMapKey, value: SomeValue)] { throw unordered() }
}
