internal import Workloads

/// Sum and count per user and tumbling window, one table for each of the two open windows.
enum TumblingSumLoop {
    struct Total: Slot {
        var key: Int64
        var sum: Int64
        var count: Int64
        var isFree: Bool { count == 0 }
    }

    static let size: Int64 = 10_000

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var earlier = try SlotTable<Total>(keys: min(parameters.users, parameters.events))
        var later = try SlotTable<Total>(keys: min(parameters.users, parameters.events))
        var start = EventClock.origin / size * size
        var source = BatchSource(AdsUniform(rate: parameters.rate, users: parameters.users), parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            while source.progress >= start &+ size {
                drain(earlier, start, &digest)
                swap(&earlier, &later)
                start &+= size
            }
            let records = source.records
            let ahead = BatchSource<AdsUniform>.ahead
            let middle = start &+ size
            let both = source.progress &+ EventClock.jitter &+ 4_000 >= middle
            if both {
                for i in 0..<count {
                    let user = records[i].user
                    if records[i].ts < middle {
                        add(records + i, earlier.find(user))
                    } else {
                        add(records + i, later.find(user))
                    }
                }
            } else {
                for i in 0..<ahead { earlier.prefetch(records[i].user) }
                for i in 0..<count {
                    earlier.prefetch(records[i &+ ahead].user)
                    add(records + i, earlier.find(records[i].user))
                }
            }
        }
        drain(earlier, start, &digest)
        drain(later, start &+ size, &digest)
        meter.finished()
        return digest
    }

    @inline(__always)
    private static func add(_ ad: UnsafeMutablePointer<Ad>, _ slot: UnsafeMutablePointer<Total>) {
        slot.pointee.key = ad.pointee.user
        slot.pointee.sum &+= Int64(ad.pointee.value)
        slot.pointee.count &+= 1
    }

    /// Emits and clears every key of a table.
    private static func drain(_ table: borrowing SlotTable<Total>, _ start: Int64, _ digest: inout Digest) {
        for i in 0..<table.capacity where !table.slots[i].isFree {
            let total = table.slots[i]
            digest.add(total.key, start, total.sum, total.count)
            table.slots[i].count = 0
            table.slots[i].sum = 0
        }
    }
}
