/// Reads rows of maps as they were written.
struct MapRowReader<Key: StreamKey, MapKey: StreamKey, Value> {
    private let codec: MapRowCodec<Key, MapKey, Value>
    private let mapKeys: StateCodec<MapKey>
    private let values: StateCodec<Value>
    /// Whether entries have the time at which they expire in front.
    private let hasExpiry: Bool
    /// When entries expire that have no time of their own.
    private let deadline: Int64
    /// The time by which entries have expired that were written with a time to live, where they have none now.
    private let now: Int64?
    /// Reads a whole map; nil where rows are entries.
    let whole: ((inout StateDecoder) throws -> [(MapKey, Expiring<Value>)])?

    /// - Parameters:
    ///   - written: what the rows hold; nil where it is what the program would write.
    ///   - now: the time.
    init(_ codec: MapRowCodec<Key, MapKey, Value>, _ written: StateSchema?, now: Int64) {
        self.codec = codec
        hasExpiry = written.map { $0.timeToLive != nil } ?? codec.expires
        deadline = codec.lifetime.deadline(now)
        self.now = hasExpiry && !codec.expires ? now : nil
        guard let written else {
            mapKeys = codec.mapKeys
            values = codec.values
            whole = nil
            return
        }
        let value = written.timeToLive == nil ? written.value : written.value?.components.first
        values = value.map { codec.values.reading($0) } ?? codec.values
        mapKeys = written.mapKey.map { codec.mapKeys.reading($0) } ?? codec.mapKeys
        whole = written.mapKey == nil ? codec.wholeReader(written.value, written.timeToLive != nil) : nil
    }

    func key(_ row: inout StateDecoder) throws -> Key { try codec.keys.decode(&row) }

    func mapKey(_ row: inout StateDecoder) throws -> MapKey { try mapKeys.decode(&row) }

    /// An entry as the program has it; nil where it has expired and the program's don't.
    func entry(_ row: inout StateDecoder) throws -> Expiring<Value>? {
        let expiry = hasExpiry ? try row.readFixed(Int64.self) : deadline
        return adopt(Expiring(expiry: expiry, value: try values.decode(&row)))
    }

    /// As ``entry(_:)``, of one that was read from a whole map.
    func adopt(_ entry: Expiring<Value>) -> Expiring<Value>? {
        if let now { return entry.expiry > now ? Expiring(expiry: deadline, value: entry.value) : nil }
        return hasExpiry ? entry : Expiring(expiry: deadline, value: entry.value)
    }
}
