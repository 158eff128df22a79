/// Where the entries of a map state are: in tables within a table, in sorted arrays, or in a table over a store.
protocol MapEntries<Key, MapKey, Value>: AnyObject {
    associatedtype Key: StreamKey
    associatedtype MapKey: StreamKey
    associatedtype Value

    /// Whether they lie in a worker's store.
    var isStored: Bool { get }

    /// Takes in an entry as it was saved.
    func put(_ key: Key, _ mapKey: MapKey, _ entry: Expiring<Value>)

    /// Removes an entry.
    func drop(_ key: Key, _ mapKey: MapKey)

    /// Removes a key's entries.
    func dropAll(_ key: Key)

    /// Calls `body` with every entry, also those that have expired.
    func forEach(_ body: (Key, MapKey, Expiring<Value>) throws -> Void) rethrows

    /// Calls `body` with every entry of a key.
    func forEach(of key: Key, _ body: (MapKey, Expiring<Value>) throws -> Void) rethrows

    /// Calls `body` with about `limit` entries from `place` on, those of a key one after the other; returns where to go
    /// on, or nil.
    ///
    /// Maps that lie in memory as one value are not divided.
    func page(
        _ place: TablePlace, limit: Int, _ body: (Key, MapKey, Expiring<Value>) throws -> Void
    ) throws -> TablePlace?

    /// Begins a capture, whose rows are entries.
    ///
    /// - Parameter now: entries that have expired by then may be left out of a complete one.
    func capture(_ mode: CaptureMode, now: @escaping () -> Int64) -> any StateCapture
}
