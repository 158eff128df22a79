public import StateBackend

/// A set of keys with value semantics: what exact distinct counts keep.
///
/// Plain elements (integers and what is made of them) lie in one array of slots, free ones filled with a copy of the
/// element that came first: to look for an element is to compare it with the slots of one cache line, mostly, and no
/// other memory says which slots are taken. A set of one element has no memory of its own. Other elements lie in a
/// table as state does, whose tags spare most comparisons; so do all of a set whose first one isn't equal to itself.
///
/// Invariant (the reason for `@unchecked Sendable`): the memory is changed only while this value is its only owner, so
/// that no two threads share one that changes.
@frozen
public struct KeySet<Element: StreamKey>: @unchecked Sendable {
    /// The owner of `slots`, or of a table; nil while there is neither.
    @usableFromInline var memory: KeySetMemory<Element>?
    /// Nil where elements aren't plain, and in a set of none or one.
    @usableFromInline var slots: UnsafeMutablePointer<Element>?
    /// The number of slots, a power of two, less one.
    @usableFromInline var mask = 0
    @usableFromInline var size = 0
    /// Of plain elements the one that came first, which lies in no slot of its own: it fills those that are free.
    @usableFromInline var first: Element?

    /// The number of elements.
    @inlinable public var count: Int { size }

    /// An empty set.
    @inlinable
    public init() {}

    /// Adds an element.
    @inlinable @inline(__always)
    public mutating func insert(_ element: Element) {
        guard Self.isPlain else { return insertIntoTable(element) }
        guard let first else { return insertFirst(element) }
        if Element.same(element, first) { return }
        guard let slots else { return insertSecond(element) }
        let (slot, isFound) = locate(element, hash: element.stableHash, slots, first)
        if !isFound { insertNew(element, at: slot) }
    }

    /// Asks the memory system for an element's place.
    @inlinable @inline(__always)
    func prefetch(_ element: Element) {
        if Self.isPlain {
            if let slots { prefetchForWriting(slots + line(element.stableHash)) }
        } else if count > 512 {
            // It isn't worth it in a small one.
            memory?.table?.prefetch(hash: element.stableHash)
        }
    }

    /// Whether the element is in the set.
    @inlinable
    public func contains(_ element: Element) -> Bool {
        guard Self.isPlain, let first else { return memory?.table?.peek(element, hash: element.stableHash) != nil }
        if Element.same(element, first) { return true }
        guard let slots else { return false }
        return locate(element, hash: element.stableHash, slots, first).isFound
    }

    /// Adds the elements of another set.
    @inlinable
    public mutating func formUnion(_ other: KeySet<Element>) {
        if count == 0 {
            self = other
            return
        }
        if first != nil && other.count > count { resize(for: other.count) }
        other.forEach { insert($0) }
    }

    /// Calls `body` with every element, in no particular order.
    @inlinable
    public func forEach(_ body: (Element) throws -> Void) rethrows {
        if let table = memory?.table { return try table.forEachUnchanged { element, _ in try body(element) } }
        guard let first else { return }
        try body(first)
        guard let slots else { return }
        for slot in 0...mask where !Element.same(slots[slot], first) { try body(slots[slot]) }
    }
}

extension KeySet {
    /// Whether elements are small, and refer to nothing.
    @inlinable @inline(__always)
    static var isPlain: Bool { _isPOD(Element.self) && MemoryLayout<Element>.stride <= 32 }

    /// One less than the number of slots in a cache line; 0 where they don't fit into one evenly.
    @inlinable @inline(__always)
    static var lineMask: Int {
        let stride = MemoryLayout<Element>.stride
        return stride & (stride &- 1) == 0 && stride > 0 ? 64 / stride &- 1 : 0
    }

    /// The first slot of the cache line in which the search for an element begins.
    @inlinable @inline(__always)
    func line(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask & ~Self.lineMask }

    /// The slot of a plain element, or the free one that it would get.
    ///
    /// All slots of a line, from one that the hash tells on and around, then those of the next line.
    @inlinable @inline(__always)
    func locate(
        _ element: Element, hash: UInt64, _ slots: UnsafeMutablePointer<Element>, _ free: Element
    ) -> (slot: Int, isFound: Bool) {
        var line = line(hash)
        let start = Int(truncatingIfNeeded: hash &>> 40)
        while true {
            for step in 0...Self.lineMask {
                let slot = line &+ (start &+ step) & Self.lineMask
                if Element.same(slots[slot], element) { return (slot, true) }
                if Element.same(slots[slot], free) { return (slot, false) }
            }
            line = (line &+ Self.lineMask &+ 1) & mask
        }
    }

    @inlinable @inline(never)
    mutating func insertFirst(_ element: Element) {
        // Free slots can't be told by an element that isn't equal to itself, such as one with a NaN.
        if memory != nil || !Element.same(element, element) { return insertIntoTable(element) }
        first = element
        size = 1
    }

    @inlinable @inline(never)
    mutating func insertSecond(_ element: Element) {
        resize(for: 2)
        insert(element)
    }

    /// Puts an element that isn't in the set into the free slot that was found for it.
    @inlinable
    mutating func insertNew(_ element: Element, at slot: Int) {
        if count > (mask &+ 1) / 4 &* 3 {
            resize(for: count &+ 1)
            return insert(element)
        }
        if !isKnownUniquelyReferenced(&memory) {
            resize(for: count)
            return insert(element)
        }
        slots?[slot] = element
        size &+= 1
    }

    /// Moves plain elements to memory of their own, with room for `capacity` of them at least.
    @inlinable
    mutating func resize(for capacity: Int) {
        guard let first else { return }
        var size = Swift.max(8, Self.lineMask &+ 1)
        while size / 4 &* 3 < Swift.max(capacity, count) { size &*= 2 }
        let larger = KeySetMemory(slots: size, first)
        guard let moved = larger.slots else { return }
        let old = slots
        let oldMask = mask
        mask = size &- 1
        if let old {
            for slot in 0...oldMask where !Element.same(old[slot], first) {
                let element = old[slot]
                moved[locate(element, hash: element.stableHash, moved, first).slot] = element
            }
        }
        slots = moved
        memory = larger
    }

    /// Adds one of so many elements that are read, with room for them all from the first on.
    ///
    /// They come in the order of another set's slots: in a smaller one ever more of them would want the same ones.
    @inlinable
    mutating func load(_ element: Element, _ index: Int, of count: Int) {
        insert(element)
        if index == 0 && count > 1 && first != nil { resize(for: count) }
    }

    @inlinable
    mutating func insertIntoTable(_ element: Element) {
        let table = ownTable()
        _ = table.upsert(element, hash: element.stableHash, ())
        size = table.count
    }

    /// The table, of which nobody else has a share.
    @inlinable
    mutating func ownTable() -> StateTable<Element, Void> {
        if isKnownUniquelyReferenced(&memory), let table = memory?.table { return table }
        let table = StateTable<Element, Void>(minimumCapacity: Swift.max(8, count))
        memory?.table?.forEachUnchanged { element, _ in _ = table.upsert(element, hash: element.stableHash, ()) }
        memory = KeySetMemory(table: table)
        return table
    }
}

extension KeySet {
    /// A codec of sets by that of their elements: their number, then each, in no particular order.
    public static func codec(_ element: StateCodec<Element>) -> StateCodec<KeySet> {
        StateCodec(
            of: { [element.schema] },
            encode: { set, encoder in
                encoder.writeVarint(UInt64(set.count))
                try set.forEach { try element.encode($0, into: &encoder) }
            },
            decode: { written in
                let element = element.reading(written, 0)
                return { decoder in
                    var set = KeySet()
                    let count = try decoder.readCount()
                    for index in 0..<count { set.load(try element.decode(&decoder), index, of: count) }
                    return set
                }
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
        let count = try decoder.readCount()
        for index in 0..<count { load(try decoder.decode(), index, of: count) }
    }
}
