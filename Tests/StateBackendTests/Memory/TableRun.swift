@testable import StateBackend
import StreamTesting
import Testing

/// What was found wrong, with what is needed to see it again.
struct Mismatch: Error, CustomStringConvertible {
    let description: String
}

/// A table, with or without a store below it, and a dictionary that is changed the same way, while captures come and go.
final class TableRun<Key: StreamKey, Value: Equatable & Sendable> {
    private let key: (Int) -> Key
    private let value: (Int) -> Value
    private let seed: UInt64
    private var random: SeededGenerator
    private let environment: StateEnvironment
    private let state: StepState
    private let table: StateTable<Key, Value>
    private let hasStore: Bool
    private let part = "table"
    private let keyCount: Int
    private let growsInSteps: Bool
    private var step = 0
    private var hand = 0

    private var expected: [Key: Value] = [:]
    private var capture: (any StateCapture)?
    /// The table's entries when the capture began.
    private var asOfBarrier: [Key: Value] = [:]
    private var rows = StateRows()
    /// What the captures so far have saved.
    private var saved: [Key: Value]?
    private(set) var captureCount = 0
    private(set) var changesCount = 0
    /// The steps during which the table was growing.
    private(set) var growingCount = 0

    init(seed: UInt64, hasStore: Bool, key: @escaping (Int) -> Key, value: @escaping (Int) -> Value) throws {
        self.seed = seed
        self.key = key
        self.value = value
        self.hasStore = hasStore
        random = SeededGenerator(seed: seed)
        keyCount = [5, 40, 300][random.below(3)]
        let place = StorePlace(job: "test", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: 0)
        environment = StateEnvironment(
            store: hasStore ? try ReferenceBackend().open(place) : nil,
            allowance: TableAllowance(total: hasStore ? 0 : .max, smallestTable: [32, 64, 256][random.below(3)]))
        state = StepState(step: "step", in: environment)
        growsInSteps = TableGrowth.some(Int(seed / 2)).stepwiseFrom == 0
        table = try state.table(part)
        table.growth = .some(Int(seed / 2))
    }

    func run(steps: Int) throws {
        while step < steps {
            try doSomething()
            try check(table.count == expected.count, "the table counts \(table.count), not \(expected.count)")
            try environment.failure.check()
            if table.isGrowing {
                growingCount += 1
                if step % 4 == 0, let fault = table.fault() { try check(false, fault) }
            }
            step += 1
        }
        try finishCapture()
        try compareAll()
        try compareRestored()
    }

    private func check(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw Mismatch(description: "\(what()), at step \(step), seed \(seed), store: \(hasStore)") }
    }

    // MARK: operations

    private func doSomething() throws {
        let growing = step / 200 % 2 == 0
        let id = key(random.below(keyCount))
        let hash = id.stableHash
        let number = random.below(100)
        switch random.below(1_000) {
        case 0..<(growing ? 350 : 150):
            let fresh = value(number)
            let found = table.upsert(id, hash: hash, fresh)
            try check(found.pointee == expected[id, default: fresh], "upsert of \(id)")
            expected[id] = expected[id] ?? fresh
            if number % 2 == 0 {
                found.pointee = value(step)
                expected[id] = value(step)
            }
        case 350..<450:
            let fresh = value(number)
            table.update(id, hash: hash, insert: { fresh }, update: { $0 = fresh })
            expected[id] = fresh
        case 450..<550:
            let found = table.find(id, hash: hash)
            try check(found?.pointee == expected[id], "find of \(id)")
            if let found {
                found.pointee = value(step)
                expected[id] = value(step)
            }
        case 550..<650: try check(table.peek(id, hash: hash)?.pointee == expected[id], "peek of \(id)")
        case 650..<690: prepare()
        case 690..<740: try takePiece()
        case 740..<750: try beginCapture()
        case 750..<752: cancelCapture()
        case 752..<755: try forEach()
        case 755..<758: try compareAll()
        case 758: try drain()
        case 759 where number < 50:
            table.removeAll()
            expected = [:]
        case 760..<763: try sweep()
        case 763..<773 where growsInSteps && !table.isGrowing && table.mask < 1_000:
            // Before it would by itself, so that more happens while it grows.
            table.grow()
        default: try check(table.remove(id, hash: hash) == expected.removeValue(forKey: id), "remove of \(id)")
        }
    }

    private func prepare() {
        let keys = (0..<random.below(30)).map { _ in key(random.below(keyCount)) }
        table.prepare(keys, hashes: keys.map(\.stableHash), count: keys.count)
    }

    private func forEach() throws {
        var seen: [Key: Value] = [:]
        var isTwice = false
        for (id, old) in expected where id.stableHash % 3 == 0 { expected[id] = old == value(1) ? value(2) : value(1) }
        table.forEach { key, old in
            if key.stableHash % 3 == 0 { old = old == value(1) ? value(2) : value(1) }
            if seen.updateValue(old, forKey: key) != nil { isTwice = true }
        }
        try check(seen == expected && !isTwice, "forEach")
    }

    private func compareAll() throws {
        var seen: [Key: Value] = [:]
        var isTwice = false
        table.forEachUnchanged { key, value in if seen.updateValue(value, forKey: key) != nil { isTwice = true } }
        try check(seen == expected && !isTwice, "the entries")
        for id in (0..<keyCount).map(key) where random.below(4) == 0 {
            try check(table.peek(id, hash: id.stableHash)?.pointee == expected[id], "peek of \(id) among all")
        }
    }

    private func drain() throws {
        var seen: [Key: Value] = [:]
        var isTwice = false
        table.drain { if seen.updateValue($0.value, forKey: $0.key) != nil { isTwice = true } }
        try check(seen == expected && !isTwice, "drain")
        expected = [:]
    }

    /// Removes what has a certain value and is in memory, as expired values are.
    private func sweep() throws {
        let old = value(random.below(100))
        for _ in 0...random.below(4) {
            table.sweep(table.mask + 1, from: &hand, { $0 == old ? .remove : .keep }, trim: { _ in })
        }
        for (id, was) in expected where was == old && table.peek(id, hash: id.stableHash) == nil { expected[id] = nil }
    }

    // MARK: captures

    private func beginCapture() throws {
        try finishCapture()
        let part = try #require(state[part])
        capture = try part.capture(random.below(3) == 0 ? .everything : .changes)
        captureCount += 1
        asOfBarrier = expected
        rows = StateRows()
        environment.gate.hold { [unowned self] in try finishCapture() }
    }

    private func takePiece() throws {
        guard let capture else { return }
        if try !capture.next(random.below(200), into: &rows) { try end(capture) }
    }

    private func finishCapture() throws {
        guard let capture else { return }
        while try capture.next(1 + random.below(200), into: &rows) {}
        try end(capture)
    }

    private func cancelCapture() {
        guard let capture else { return }
        capture.cancel()
        self.capture = nil
        saved = nil
        environment.gate.release()
    }

    private func end(_ capture: any StateCapture) throws {
        self.capture = nil
        defer { environment.gate.release() }
        if let store = environment.store {
            try check(rows.isEmpty, "rows of a capture over a store")
            let stored = try store.rows(of: StateEnvironment.id(step: "step", part: part))
            try check(try decoded(try stored.view()) == asOfBarrier, "what the store has at its checkpoint")
            try check((capture.stored != nil) == capture.isComplete, "which captures have stored rows")
            if let view = capture.stored { try check(try decoded(view) == asOfBarrier, "the stored rows of a capture") }
            return
        }
        if !capture.isComplete {
            try check(saved != nil, "changes were captured with nothing to change")
            changesCount += 1
        }
        var result = capture.isComplete ? [:] : saved ?? [:]
        var seen: Set<Key> = []
        for row in rows.rows {
            var decoder = rows.decoder(of: row)
            let id = try StateCodec<Key>.automatic.decode(&decoder)
            try check(row.hash == id.stableHash && seen.insert(id).inserted, "\(id) is twice among the rows")
            result[id] = row.isRemoval ? nil : try StateCodec<Value>.automatic.decode(&decoder)
        }
        try check(result == asOfBarrier, "the captured rows (complete: \(capture.isComplete))")
        saved = result
    }

    private func decoded(_ view: any StoredRowsView) throws -> [Key: Value] {
        var result: [Key: Value] = [:]
        try view.scan(groups: 0..<KeyGroups.maximumCount) { _, key, value in
            var keyDecoder = StateDecoder([UInt8](key))
            var valueDecoder = StateDecoder([UInt8](value))
            result[try StateCodec<Key>.automatic.decode(&keyDecoder)] = try StateCodec<Value>.automatic.decode(
                &valueDecoder)
            return true
        }
        return result
    }

    // MARK: restores

    private func compareRestored() throws {
        var all: [String: SavedPart] = [:]
        try state.save(into: &all)
        let fresh = StepState(step: "step")
        let copy: StateTable<Key, Value> = try fresh.table(part)
        try fresh.load(all, previousParallelism: 1)
        var seen: [Key: Value] = [:]
        copy.forEachUnchanged { seen[$0] = $1 }
        try check(seen == expected, "the restored entries")
    }
}
