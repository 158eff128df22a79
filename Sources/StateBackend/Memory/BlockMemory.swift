/// Memory for blocks that are mostly too small to be mapped by themselves; its content means nothing.
package enum BlockMemory {
    package static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        if byteCount >= 1 << 20 { return TableMemory.allocate(byteCount: byteCount, isMapped: true) }
        return UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    }

    package static func free(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount >= 1 << 20 {
            TableMemory.free(memory, isMapped: true, byteCount: byteCount)
        } else {
            memory.deallocate()
        }
    }
}
