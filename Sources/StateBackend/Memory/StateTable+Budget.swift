/// How a table that counts its memory comes by room.
extension StateTable {
    /// Takes the table's memory from its worker's allowance from now on.
    @usableFromInline
    func count(on budget: TableBudget<Key, Value>) {
        self.budget = budget
        budget.charge(self)
    }

    /// Grows, when the allowance lets it; else evicts entries, or notes that there are too many.
    @inlinable
    func makeRoom(within budget: TableBudget<Key, Value>) {
        budget.charge(self)
        budget.askSiblings(for: self)
        let capacity = mask + 1
        if size >= capacity / 4 * 3, budget.mayGrow(capacity) {
            grow()
            budget.charge(self)
            if budget.isExceeded { fit(budget) }
        } else {
            fit(budget)
        }
        if size < limit { return }
        if let store {
            evictExcess(over: store)
        } else {
            budget.noteExcess()
        }
        if size >= limit {
            // Nothing could go: better too much memory than a lost entry.
            let most = (mask + 1) / 4 * 3
            if size >= most { grow() } else { limit = most }
            budget.charge(self)
        }
    }

    @inlinable
    func evictExcess(over store: TableStore<Key, Value>) {
        do { while size >= limit, try evict(over: store) {} } catch { store.failure.note(error) }
    }

    /// Lets the table hold as many entries as there is memory for, and as it can find with ease.
    @usableFromInline
    func fit(_ budget: TableBudget<Key, Value>) {
        let capacity = mask + 1
        // Looking for an entry is cheap beside fetching it, so a cache may be fuller.
        let most = store == nil ? capacity / 4 * 3 : capacity / 8 * 7
        let least = Swift.min(Swift.max(limit / 2, budget.smallestTable / 4 * 3), most)
        let heapBytes = budget.heapBytes
        let wanted = heapBytes == 0 ? most : limit + Swift.min(budget.allowance.left, 1 << 50) / heapBytes
        limit = Swift.min(Swift.max(wanted, least), most)
        budget.charge(self)
    }

    /// Looks from time to time whether values have grown where they are.
    @inlinable
    func lookAtMemory(_ store: TableStore<Key, Value>, announced: Int) {
        store.announced += announced
        guard store.announced >= 1 << 13, let budget else { return }
        store.announced = 0
        budget.charge(self)
        guard budget.isExceeded else { return }
        budget.askSiblings(for: self)
        fit(budget)
        evictExcess(over: store)
    }

    /// Looks from time to time whether values have grown beyond what the allowance has, in a table without a store.
    @usableFromInline
    func lookAtMemory(_ budget: TableBudget<Key, Value>) {
        budget.batches &+= 1
        guard budget.batches % 64 == 0, budget.allowance.total < .max else { return }
        budget.charge(self)
        guard budget.isExceeded else { return }
        fit(budget)
        if budget.isExceeded(by: self) { budget.noteExcess() }
    }

    /// The number of entries whose rows don't take much memory on their way to the store.
    @usableFromInline var evictable: Int {
        guard let budget else { return .max }
        let bytes = Swift.max(budget.allowance.total / 8, 2 << 20)
        return bytes / Swift.max(MemoryLayout<Entry>.stride + budget.heapBytes, 1)
    }
}
