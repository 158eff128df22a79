public import CWeir

/// Zeroed memory for tables: small pieces from the allocator, large ones mapped, on huge pages where there are any.
enum TableMemory {
    /// From this size on, memory is mapped.
    private static let mappedFrom = 1 << 20

    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        let byteCount = Swift.max(byteCount, 1)
        if byteCount >= mappedFrom {
            guard let memory = weir_map(byteCount) else {
                preconditionFailure("out of memory: no \(byteCount) bytes for a state table; lower the state's size")
            }
            return memory
        }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        return memory
    }

    static func free(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount >= mappedFrom { weir_unmap(memory, byteCount) } else { memory.deallocate() }
    }
}

/// Asks the memory system for the cache line at `address`, to be written soon.
@inlinable @inline(__always)
public func prefetchForWriting(_ address: UnsafeRawPointer) { weir_prefetch_write(address) }
