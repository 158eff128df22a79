/// How what keys have is fetched from memory before their turn comes.
extension StateTable {
    /// Whether slots are worth to be asked for: the table is larger than the nearest caches.
    @inlinable @inline(__always)
    public var isLarge: Bool { byteCount > 1 << 18 }

    /// Inserts a key that isn't there; whether other entries may have moved, or made room, for it.
    @inlinable @inline(__always)
    public func insertNew(_ key: Key, hash: UInt64, _ value: @autoclosure () -> Value) -> Bool {
        // A table that grows in steps moves some with many an insert; else new memory comes with another capacity.
        let (mayMove, capacity) = (size >= limit || isGrowing, mask)
        _ = upsert(key, hash: hash, value())
        return mayMove || mask != capacity
    }

    /// Whether keys may come from a store, or go there.
    @inlinable @inline(__always)
    public var hasStore: Bool { isStored }

    /// As ``forEachUnchanged(_:)``, with a word about each key some time before its turn, and another one nearer to it.
    @inlinable
    public func forEachUnchanged(
        asking early: (Key) -> Void, asking late: (Key) -> Void, _ body: (Key, Value) throws -> Void
    ) rethrows {
        let ahead = 2 * Self.slotsAhead
        for slot in -ahead...mask {
            let (far, near) = (slot &+ ahead, slot &+ Self.slotsAhead)
            if far <= mask && tags[far] != 0 { early(entries[far].key) }
            if near >= 0 && near <= mask && tags[near] != 0 { late(entries[near].key) }
            if slot >= 0 && tags[slot] != 0 { try body(entries[slot].key, entries[slot].value) }
        }
        if isStored { try forEachStored(changing: false) { try body($0, $1) } }
    }

    /// As ``forEach(_:)``, with a word about each value some time before its turn.
    @inlinable
    public func forEach(
        asking early: (UnsafePointer<Value>) -> Void, _ body: (Key, inout Value) throws -> Void
    ) rethrows {
        for slot in -Self.slotsAhead...mask {
            let far = slot &+ Self.slotsAhead
            if far <= mask && tags[far] != 0 { early(value(at: far)) }
            guard slot >= 0 && tags[slot] != 0 else { continue }
            makeReadyToChange(slot)
            try body(entries[slot].key, &entries[slot].value)
        }
        if isStored { try forEachStored(changing: true, body) }
    }

    /// How many slots ahead that is; about half of them are taken.
    @inlinable static var slotsAhead: Int { 16 }

    /// Asks for the memory that the values of keys refer to, where they are in memory and begin with a reference.
    @inlinable @inline(__always)
    public func prefetchBodies(_ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, count: Int) {
        for i in 0..<count {
            if let value = peekInMemory(keys[i], hash: hashes[i]) { prefetchBody(of: value, lines: 4) }
        }
    }
}

/// The memory that a value refers to.
@usableFromInline
enum ValueBody {
    /// Whether a value is a reference to its elements, and nothing else.
    @usableFromInline
    static func isArray<Value>(_ type: Value.Type) -> Bool { type is any ArrayValue.Type }
}

/// An array, as the memory system sees it.
private protocol ArrayValue {}
extension Array: ArrayValue {}
extension ContiguousArray: ArrayValue {}
