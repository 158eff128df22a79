/// Entries in order, at most `limit` of them: what top-N and collected lists keep.
@usableFromInline
enum BoundedOrder {
    /// Puts an entry in its place, behind its equals; what then lies beyond the limit goes.
    @inlinable
    static func insert<Entry>(
        _ entry: Entry, into entries: inout [Entry], limit: Int, precedes: (Entry, Entry) -> Bool
    ) {
        guard let last = entries.last, precedes(entry, last) else {
            if entries.count < limit { entries.append(entry) }
            return
        }
        var low = 0
        var high = entries.count - 1
        while low < high {
            let middle = (low + high) / 2
            if precedes(entry, entries[middle]) { high = middle } else { low = middle + 1 }
        }
        while entries.count >= limit { entries.removeLast() }
        entries.insert(entry, at: low)
    }

    /// Merges two ordered lists; among equals those of `entries` come first.
    @inlinable
    static func merge<Entry>(
        _ other: [Entry], into entries: inout [Entry], limit: Int, precedes: (Entry, Entry) -> Bool
    ) {
        var merged: [Entry] = []
        merged.reserveCapacity(Swift.min(limit, entries.count + other.count))
        var i = 0
        var j = 0
        while merged.count < limit && (i < entries.count || j < other.count) {
            if j < other.count && (i == entries.count || precedes(other[j], entries[i])) {
                merged.append(other[j])
                j += 1
            } else {
                merged.append(entries[i])
                i += 1
            }
        }
        entries = merged
    }
}
