/// An ordered map state over a store: walks through ``StoredMaps`` in the order of the map keys.
///
/// Integers are in order in the store, so that a walk stops where it likes. Of other keys all of a map are read and sorted.
@usableFromInline
final class StoredOrder<Key: StreamKey, MapKey: StreamKey & Comparable, Value> {
    @usableFromInline let maps: StoredMaps<Key, MapKey, Value>
    private let isOrdered: Bool

    init(_ maps: StoredMaps<Key, MapKey, Value>, isOrdered: Bool) {
        self.maps = maps
        self.isOrdered = isOrdered
    }

    /// The range as the store has it; nil where the store isn't in order, so that the range must be looked for.
    private func bytes(_ lower: MapKey?, _ upper: MapKey?) -> (from: [UInt8], to: [UInt8]?)? {
        guard isOrdered else { return nil }
        let from = lower.flatMap { try? maps.bytes(of: $0) } ?? []
        return (from, upper.flatMap { try? maps.bytes(of: $0) })
    }

    /// Calls `body` with the entries of a key from `lower` on and before `upper`, in order, until it returns false.
    @usableFromInline
    func walk(
        _ key: Key, hash: UInt64, from lower: MapKey? = nil, to upper: MapKey? = nil,
        _ body: (MapKey, Expiring<Value>) throws -> Bool
    ) rethrows {
        if let range = bytes(lower, upper) { return try maps.walk(key, hash: hash, in: range, body) }
        var all: [(MapKey, Expiring<Value>)] = []
        maps.walk(key, hash: hash) { mapKey, entry in
            if lower.map({ $0 <= mapKey }) ?? true && upper.map({ mapKey < $0 }) ?? true { all.append((mapKey, entry)) }
            return true
        }
        for (mapKey, entry) in all.sorted(by: { $0.0 < $1.0 }) { guard try body(mapKey, entry) else { return } }
    }

    /// Removes the entries of a key from `lower` on and before `upper`.
    @usableFromInline
    func removeAll(_ key: Key, hash: UInt64, from lower: MapKey? = nil, to upper: MapKey? = nil) {
        if let range = bytes(lower, upper) { return maps.removeAll(key, hash: hash, in: range) }
        var gone: [MapKey] = []
        walk(key, hash: hash, from: lower, to: upper) { mapKey, _ in
            gone.append(mapKey)
            return true
        }
        for mapKey in gone { maps.remove(key, hash: hash, mapKey) }
    }

    /// The last entry of a key that lives at `now`.
    ///
    /// The store is read forwards only. So where it is in order, the place behind which there are but a few entries is
    /// looked for by halving.
    @usableFromInline
    func last(_ key: Key, hash: UInt64, now: Int64) -> (key: MapKey, value: Value)? {
        var last: (key: MapKey, value: Value)?
        /// The number of entries from a place on, if there are less than `limit`; notes the last one.
        func look(from bytes: [UInt8], limit: Int) -> Int {
            var count = 0
            maps.walk(key, hash: hash, in: (bytes, nil)) { mapKey, entry in
                if entry.expiry > now { last = (mapKey, entry.value) }
                count += 1
                return count < limit
            }
            return count
        }
        guard isOrdered, !maps.expires else {
            walk(key, hash: hash) { mapKey, entry in
                if entry.expiry > now { last = (mapKey, entry.value) }
                return true
            }
            return last
        }
        let few = 64
        if look(from: [], limit: few) < few { return last }
        var low: UInt64 = 0
        var high = UInt64.max
        while low < high {
            let middle = low + (high - low) / 2 + 1
            let found = look(from: withUnsafeBytes(of: middle.bigEndian) { [UInt8]($0) }, limit: few)
            if found == few { low = middle } else if found == 0 { high = middle - 1 } else { return last }
        }
        _ = look(from: withUnsafeBytes(of: low.bigEndian) { [UInt8]($0) }, limit: .max)
        return last
    }
}
