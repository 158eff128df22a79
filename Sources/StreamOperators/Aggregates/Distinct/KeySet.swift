public import StateBackend

/// A set of keys with value semantics, over the same table as state: what exact distinct counts keep.
///
/// Invariant (the reason for `@unchecked Sendable`): the table is changed only while this value is its only owner, so
/// that no two threads share one that changes.
@frozen
public struct KeySet<Element: StreamKey>: @unchecked Sendable {
    @usableFromInline var table: StateTable<Element, Void>

    /// An empty set.
    @inlinable
    public init() { table = StateTable(minimumCapacity: 8) }

    /// The number of elements.
    @inlinable public var count: Int { table.count }

    /// Adds an element.
    @inlinable
    public mutating func insert(_ element: Element) {
        own()
        _ = table.upsert(element, hash: element.stableHash, ())
    }

    /// Asks the memory system for an element's place, which isn't worth it, nor asked for, in a small set.
    @inlinable @inline(__always)
    func prefetch(_ element: () -> Element) {
        if table.count > 512 { table.prefetch(hash: element().stableHash) }
    }

    /// Whether the element is in the set.
    @inlinable
    public func contains(_ element: Element) -> Bool { table.peek(element, hash: element.stableHash) != nil }

    /// Adds the elements of another set.
    @inlinable
    public mutating func formUnion(_ other: KeySet<Element>) {
        if count < other.count && count == 0 {
            table = other.table
            return
        }
        own()
        let table = table
        other.table.forEachUnchanged { element, _ in _ = table.upsert(element, hash: element.stableHash, ()) }
    }

    /// Calls `body` with every element, in no particular order.
    @inlinable
    public func forEach(_ body: (Element) throws -> Void) rethrows {
        try table.forEachUnchanged { element, _ in try body(element) }
    }

    @inlinable
    mutating func own() {
        if isKnownUniquelyReferenced(&table) { return }
        let copy = StateTable<Element, Void>(minimumCapacity: table.count)
        table.forEachUnchanged { element, _ in _ = copy.upsert(element, hash: element.stableHash, ()) }
        table = copy
    }
}

extension KeySet {
    /// A codec of sets by that of their elements: their number, then each, in no particular order.
    public static func codec(_ element: StateCodec<Element>) -> StateCodec<KeySet> {
        StateCodec(
            encode: { set, encoder in
                encoder.writeVarint(UInt64(set.count))
                try set.forEach { try element.encode($0, into: &encoder) }
            },
            decode: { decoder in
                var set = KeySet()
                for _ in 0..<(try decoder.readCount()) { set.insert(try element.decode(&decoder)) }
                return set
            })
    }
}

extension KeySet: StateCodable where Element: StateCodable {
    /// Writes the elements, in no particular order, with their number in front.
    @inlinable
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeVarint(UInt64(count))
        try forEach { try encoder.encode($0) }
    }

    /// Reads elements.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        self.init()
        for _ in 0..<(try decoder.readCount()) { insert(try decoder.decode()) }
    }
}
