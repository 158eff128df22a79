internal import CBenchmark

/// What a table keeps per key; all zero bits mean free, whatever the key.
protocol Slot: BitwiseCopyable {
    var key: Int64 { get }
    var isFree: Bool { get }
}

/// Open addressing with linear probing over slots of fixed width.
struct SlotTable<Entry: Slot>: ~Copyable {
    let slots: UnsafeMutablePointer<Entry>
    let mask: Int
    private let shift: UInt64
    private let memory: HugeBuffer<Entry>

    /// Room for `keys` keys at a load of at most two thirds.
    init(keys: Int64) throws(HandLoopError) {
        var bits: UInt64 = 8
        while bits < 40 && (1 &<< bits) * 2 < keys &* 3 { bits += 1 }
        try self.init(bits: bits)
    }

    init(bits: UInt64) throws(HandLoopError) {
        memory = try HugeBuffer<Entry>(count: 1 &<< Int(bits))
        slots = memory.start
        mask = memory.count &- 1
        shift = 64 &- bits
    }

    var capacity: Int { mask &+ 1 }
    var bits: UInt64 { 64 &- shift }

    /// Where the search for a key begins: Fibonacci hashing, the top bits of one multiplication.
    ///
    /// On consecutive numbers such as these users it scatters more evenly than a random function, so that nearly every
    /// search ends where it begins.
    @inline(__always)
    private func home(_ key: Int64) -> Int {
        Int(truncatingIfNeeded: (UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15) &>> shift)
    }

    @inline(__always)
    func prefetch(_ key: Int64) { bench_prefetch_write(slots + home(key)) }

    /// The slot of the key, or the free slot where it belongs.
    @inline(__always)
    func find(_ key: Int64) -> UnsafeMutablePointer<Entry> {
        var at = home(key)
        while true {
            let slot = slots + at
            // A free slot that matches by chance (key 0) is where that key belongs anyway.
            if slot.pointee.key == key || slot.pointee.isFree { return slot }
            at = (at &+ 1) & mask
        }
    }
}
