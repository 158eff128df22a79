@testable import StateBackend
import Testing

/// Runs a seeded sequence of operations on a table and on a dictionary, and compares them all the way.
///
/// `same` gives what tells two keys apart, as the dictionary's key.
func compareWithDictionary<Key: StreamKey, Value, Identity: Hashable>(
    keys: [Key], seed: UInt64, steps: Int = 4_000, make: (Int) -> Value, read: (Value) -> Int,
    same: (Key) -> Identity
) {
    var random = SeededGenerator(seed: seed)
    let table = StateTable<Key, Value>(minimumCapacity: random.below(100))
    table.growth = .some(Int(seed))
    var expected: [Identity: Int] = [:]
    func check(_ holds: Bool, _ what: String, _ step: Int) {
        if !holds { Issue.record("\(what) at step \(step), seed \(seed)") }
    }
    for step in 0..<steps {
        // The number of live keys swells and shrinks, so that the table grows and gaps are closed.
        let growing = step / 500 % 2 == 0
        let key = keys[random.below(keys.count)]
        let hash = key.stableHash
        let id = same(key)
        switch random.below(1_000) {
        case 0..<(growing ? 500 : 150):
            let value = table.upsert(key, hash: hash, make(step))
            check(read(value.pointee) == expected[id, default: step], "upsert", step)
            expected[id] = expected[id] ?? step
            if random.below(2) == 0 {
                value.pointee = make(-step)
                expected[id] = -step
            }
        case 500..<600:
            table.update(key, hash: hash, insert: { make(step) }, update: { $0 = make(read($0) &+ 1) })
            expected[id] = expected[id].map { $0 &+ 1 } ?? step
        case 600..<700:
            check(table.find(key, hash: hash).map { read($0.pointee) } == expected[id], "find", step)
        case 990..<995:
            var seen: [Identity: Int] = [:]
            table.forEach { key, value in
                check(seen.updateValue(read(value), forKey: same(key)) == nil, "twice in forEach", step)
                value = make(read(value) &+ 1)
            }
            check(seen == expected, "forEach", step)
            expected = expected.mapValues { $0 &+ 1 }
        case 995:
            var seen: [Identity: Int] = [:]
            table.drain { entry in
                check(seen.updateValue(read(entry.value), forKey: same(entry.key)) == nil, "twice in drain", step)
            }
            check(seen == expected, "drain", step)
            expected = [:]
        case 996 where random.below(4) == 0:
            table.removeAll()
            expected = [:]
        default:
            check(table.remove(key, hash: hash).map(read) == expected.removeValue(forKey: id), "remove", step)
        }
        check(table.count == expected.count, "count", step)
        if table.isGrowing && step % 4 == 0 || step % 256 == 0, let fault = table.fault() { check(false, fault, step) }
    }
    for key in keys {
        check(
            table.find(key, hash: key.stableHash).map { read($0.pointee) } == expected[same(key)], "final find", steps)
    }
}
