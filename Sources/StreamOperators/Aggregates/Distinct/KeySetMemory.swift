public import StateBackend

/// What sets of keys share until one of them changes: slots of plain elements, or a table.
@usableFromInline
final class KeySetMemory<Element: StreamKey> {
    @usableFromInline let slots: UnsafeMutablePointer<Element>?
    @usableFromInline let table: StateTable<Element, Void>?
    @usableFromInline let byteCount: Int

    /// Slots that all hold `free`, a plain element.
    @inlinable
    init(slots count: Int, _ free: Element) {
        table = nil
        byteCount = count * MemoryLayout<Element>.stride
        let slots = BlockMemory.allocate(byteCount: byteCount).bindMemory(to: Element.self, capacity: count)
        slots.initialize(repeating: free, count: count)
        self.slots = slots
    }

    @inlinable
    init(table: StateTable<Element, Void>) {
        slots = nil
        byteCount = 0
        self.table = table
    }

    @inlinable
    deinit {
        if let slots { BlockMemory.free(slots, byteCount: byteCount) }
    }
}
