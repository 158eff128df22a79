@testable import StateBackend

extension StateTable {
    /// What is wrong with where the entries lie, or nil.
    ///
    /// Worked out from the definition: between an entry's home and its slot none is free, and a search finds it there.
    func fault() -> String? {
        let capacity = mask + 1
        let stride = MemoryLayout<Entry>.stride
        // As many slots as lie in a cache line, in powers of two.
        let line: UInt64 = stride > 32 ? 1 : stride > 16 ? 2 : stride > 8 ? 4 : 8
        func home(_ hash: UInt64) -> Int {
            let old = Int(hash % UInt64(capacity / 2) / line * line)
            return old < split ? Int(hash % UInt64(capacity) / line * line) : old
        }
        var found = 0
        for slot in 0..<capacity where tags[slot] != 0 {
            found += 1
            let hash = entries[slot].key.stableHash
            var place = home(hash)
            while place != slot {
                if tags[place] == 0 { return "slot \(place) is free before \(slot), split \(split) of \(capacity)" }
                place = (place + 1) % capacity
            }
            if self.slot(of: entries[slot].key, hash: hash) != slot { return "slot \(slot) isn't found" }
        }
        if found != size { return "\(found) entries are counted as \(size)" }
        if isGrowing && split >= capacity / 2 || size >= capacity {
            return "split \(split), size \(size) of \(capacity)"
        }
        return nil
    }
}

extension TableGrowth {
    /// Ways to grow that have small tables do it, and slowly; and the standard one.
    static func some(_ number: Int) -> TableGrowth {
        switch number % 4 {
        case 0: .standard
        case 1: TableGrowth(stepwiseFrom: 0, slots: 1, inserts: 1)
        case 2: TableGrowth(stepwiseFrom: 0, slots: 1, inserts: 4)
        default: TableGrowth(stepwiseFrom: 0, slots: 16, inserts: 2)
        }
    }
}
