public import StateBackend

/// The distinct values with the lowest stable hashes, up to a limit: a sample that doesn't depend on the order in which
/// values come.
@frozen
public struct BoundedKeySet<Value: StreamKey>: Sendable {
    /// At most twice the limit, so that pruning costs little per value.
    @usableFromInline var values = KeySet<Value>()
    /// Values of higher hashes are not needed any more.
    @usableFromInline var highest = UInt64.max
    /// Whether there were more values than the limit.
    @usableFromInline var isCut = false

    @inlinable
    init() {}

    @inlinable
    mutating func insert(_ value: Value, limit: Int) {
        if value.stableHash > highest { return }
        values.insert(value)
        if values.count - limit > limit { prune(to: limit) }
    }

    @inlinable
    mutating func merge(_ other: BoundedKeySet, limit: Int) {
        isCut = isCut || other.isCut
        values.formUnion(other.values)
        if values.count - limit > limit { prune(to: limit) }
    }

    @inlinable
    mutating func prune(to limit: Int) {
        let kept = lowest(limit)
        isCut = true
        if let last = kept.last { highest = last.stableHash }
        values = KeySet()
        for value in kept { values.insert(value) }
    }

    /// The `limit` values with the lowest hashes, in that order.
    @inlinable
    func lowest(_ limit: Int) -> [Value] {
        var hashed: [(hash: UInt64, value: Value)] = []
        hashed.reserveCapacity(values.count)
        values.forEach { hashed.append(($0.stableHash, $0)) }
        hashed.sort { $0.hash < $1.hash }
        return hashed.prefix(limit).map { $0.value }
    }

    static func codec(_ element: StateCodec<Value>) -> StateCodec<BoundedKeySet> {
        let values = KeySet<Value>.codec(element)
        return StateCodec(
            of: { [values.schema] },
            encode: { set, encoder in
                try encoder.encode(set.isCut)
                try values.encode(set.values, into: &encoder)
            },
            decode: { written in
                let values = values.reading(written, 0)
                return { decoder in
                    var set = BoundedKeySet()
                    set.isCut = try decoder.decode()
                    set.values = try values.decode(&decoder)
                    return set
                }
            })
    }
}
