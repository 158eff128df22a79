/// Reads rows of maps as they were written.
struct MapRowReader<Key: StreamKey, MapKey: StreamKey, Value> {
    private let codec: MapRowCodec<Key, MapKey, Value>
    private let mapKeys: StateCodec<MapKey>
    private let values: StateCodec<Value>
    /// Reads a whole map; nil where rows are entries.
    let whole: ((inout StateDecoder) throws -> [(MapKey, Expiring<Value>)])?

    /// - Parameter written: what the rows hold; nil where it is what the program would write.
    init(_ codec: MapRowCodec<Key, MapKey, Value>, _ written: StateSchema?) {
        self.codec = codec
        guard let written else {
            mapKeys = codec.mapKeys
            values = codec.values
            whole = nil
            return
        }
        let value = written.timeToLive == nil ? written.value : written.value?.components.first
        values = value.map { codec.values.reading($0) } ?? codec.values
        mapKeys = written.mapKey.map { codec.mapKeys.reading($0) } ?? codec.mapKeys
        whole = written.mapKey == nil ? codec.wholeReader(written.value) : nil
    }

    func key(_ row: inout StateDecoder) throws -> Key { try codec.keys.decode(&row) }

    func mapKey(_ row: inout StateDecoder) throws -> MapKey { try mapKeys.decode(&row) }

    func entry(_ row: inout StateDecoder) throws -> Expiring<Value> {
        let expiry = codec.expires ? try row.readFixed(Int64.self) : .max
        return Expiring(expiry: expiry, value: try values.decode(&row))
    }
}
