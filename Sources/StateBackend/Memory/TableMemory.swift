public import CWeir

/// Zeroed memory for tables: small pieces from the allocator, large ones mapped, on huge pages where there are any.
enum TableMemory {
    /// From this size of a table's entries on, its memory is mapped.
    private static let mappedFrom = 1 << 20

    /// Whether a table with so many bytes of entries has mapped memory.
    static func isMapped(entryBytes: Int) -> Bool { entryBytes >= mappedFrom }

    static func allocate(byteCount: Int, isMapped: Bool) -> UnsafeMutableRawPointer {
        let byteCount = Swift.max(byteCount, 1)
        if isMapped {
            guard let memory = weir_map(byteCount) else { outOfMemory(byteCount) }
            return memory
        }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        return memory
    }

    /// As much memory again behind what there is, which may move; what is in it moves as bytes.
    ///
    /// Mapped memory is neither copied nor touched: pages move with their tables (0.25 ms for 1 GiB).
    static func double(_ memory: UnsafeMutableRawPointer, byteCount: Int, isMapped: Bool, wasMapped: Bool)
        -> UnsafeMutableRawPointer
    {
        if wasMapped {
            guard let larger = weir_extend(memory, Swift.max(byteCount, 1), Swift.max(byteCount * 2, 1)) else {
                outOfMemory(byteCount * 2)
            }
            return larger
        }
        let larger = allocate(byteCount: byteCount * 2, isMapped: isMapped)
        larger.copyMemory(from: memory, byteCount: byteCount)
        free(memory, isMapped: false, byteCount: byteCount)
        return larger
    }

    static func free(_ memory: UnsafeMutableRawPointer, isMapped: Bool, byteCount: Int) {
        if isMapped { weir_unmap(memory, Swift.max(byteCount, 1)) } else { memory.deallocate() }
    }

    private static func outOfMemory(_ byteCount: Int) -> Never {
        preconditionFailure("out of memory: no \(byteCount) bytes for a state table; lower the state's size")
    }
}

/// Asks the memory system for the cache line at `address`, to be written soon.
@inlinable @inline(__always)
public func prefetchForWriting(_ address: UnsafeRawPointer) { weir_prefetch_write(address) }

/// Asks the memory system for the first lines of what the word at `place` refers to, to be written soon: of an array, where
/// `place` holds one or a value whose first field is one.
///
/// The address is read as it lies there: to take the array would be to count a reference to it, in the very memory that is
/// to be waited for.
@inlinable @inline(__always)
public func prefetchBody(of place: UnsafeRawPointer, lines: Int) {
    guard let body = UnsafeRawPointer(bitPattern: place.load(as: UInt.self)) else { return }
    for line in 0..<lines { prefetchForWriting(body + 64 &* line) }
}
