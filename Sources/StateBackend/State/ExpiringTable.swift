/// A table whose values expire.
@usableFromInline
final class ExpiringTable<Key: StreamKey, Value> {
    @usableFromInline let table: StateTable<Key, Expiring<Value>>
    @usableFromInline let lifetime: Lifetime

    init(table: StateTable<Key, Expiring<Value>>, lifetime: Lifetime) {
        self.table = table
        self.lifetime = lifetime
    }

    /// The value of `key`, unless it has expired.
    @inlinable
    func read(_ key: Key, hash: UInt64, now: Int64) -> Value? {
        guard let found = table.peek(key, hash: hash) else { return nil }
        if found.pointee.expiry <= now {
            table.remove(key, hash: hash)
            return nil
        }
        let value = found.pointee.value
        let deadline = lifetime.deadline(now)
        if lifetime.refreshesOnRead && found.pointee.expiry != deadline {
            table.find(key, hash: hash)?.pointee.expiry = deadline
        }
        return value
    }

    /// Changes the value of `key`, beginning with `initial` where there is none that lives.
    @inlinable
    func modify<Result>(
        _ key: Key, hash: UInt64, now: Int64, _ initial: () throws -> Value, _ body: (inout Value) throws -> Result
    ) rethrows -> Result {
        let deadline = lifetime.deadline(now)
        let entry = try table.upsert(key, hash: hash, Expiring(expiry: deadline, value: try initial()))
        if entry.pointee.expiry <= now { entry.pointee.value = try initial() }
        entry.pointee.expiry = deadline
        return try body(&entry.pointee.value)
    }

    @inlinable
    func write(_ key: Key, hash: UInt64, now: Int64, _ value: Value) {
        let entry = Expiring(expiry: lifetime.deadline(now), value: value)
        table.upsert(key, hash: hash, entry).pointee = entry
    }
}

/// How the times of a state's values are worked out.
@frozen
@usableFromInline
struct Lifetime {
    /// Milliseconds; nil for ever.
    @usableFromInline let milliseconds: Int64?
    @usableFromInline let refreshesOnRead: Bool

    init(_ timeToLive: TimeToLive?) {
        milliseconds = timeToLive?.milliseconds
        refreshesOnRead = timeToLive?.refresh == .onReadAndWrite
    }

    @inlinable @inline(__always)
    func deadline(_ now: Int64) -> Int64 {
        guard let milliseconds else { return .max }
        // The largest number means never.
        let (sum, overflow) = now.addingReportingOverflow(milliseconds)
        return overflow ? .max : sum
    }
}
