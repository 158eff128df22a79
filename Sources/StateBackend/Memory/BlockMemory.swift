/// Memory for blocks that are mostly too small to be mapped by themselves; its content means nothing.
@usableFromInline
package enum BlockMemory {
    @usableFromInline
    package static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        if TableMemory.isMapped(entryBytes: byteCount) {
            return TableMemory.allocate(byteCount: byteCount, isMapped: true)
        }
        return UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    }

    @usableFromInline
    package static func free(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        if TableMemory.isMapped(entryBytes: byteCount) {
            TableMemory.free(memory, isMapped: true, byteCount: byteCount)
        } else {
            memory.deallocate()
        }
    }
}
