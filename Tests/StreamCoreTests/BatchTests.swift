import StateBackend
import StreamCore
import StreamOperators
import Synchronization
import Testing

/// Makes reference-counted records and counts those that are alive.
final class LiveItems: Sendable {
    private let live = Atomic<Int>(0)
    var count: Int { live.load(ordering: .acquiring) }

    func item(_ number: Int) -> Item { Item(number, self) }

    final class Item: Sendable {
        let number: Int
        private let owner: LiveItems

        init(_ number: Int, _ owner: LiveItems) {
            self.number = number
            self.owner = owner
            owner.live.add(1, ordering: .relaxed)
        }

        deinit { owner.live.subtract(1, ordering: .acquiringAndReleasing) }
    }
}

@Suite struct BatchTests {
    @Test func recordsAreDestroyedOnce() {
        let live = LiveItems()
        do {
            let batch = Batch<LiveItems.Item>(capacity: 10)
            for i in 0..<10 { batch.append(live.item(i), at: Timestamp(i)) }
            #expect(batch.isFull && batch.count == 10)
            let copy = batch.copy()
            #expect(live.count == 10)
            batch.removeAll()
            #expect(live.count == 10 && batch.count == 0)
            batch.append(live.item(99), at: 0)
            #expect(live.count == 11)
            withExtendedLifetime(copy) {
                #expect((0..<10).map { copy.elements[$0].number } == Array(0..<10))
                #expect((0..<10).map { copy.timestamps[$0] } == (0..<10).map { Timestamp($0) })
            }
        }
        #expect(live.count == 0)
    }

    @Test(arguments: [-1, 0, 1]) func thereIsRoomForOne(capacity: Int) {
        let batch = Batch<Int>(capacity: capacity)
        #expect(batch.capacity == 1 && !batch.isFull)
        batch.append(1, at: 1)
        #expect(batch.isFull)
    }

    @Test func keyedBatchesOwnKeysAndRecords() throws {
        let live = LiveItems()
        do {
            let batch = Batch<LiveItems.Item>(capacity: 4)
            for i in 0..<4 { batch.append(live.item(i), at: Timestamp(i)) }
            let keyed = KeyedBatch(batch, keyOf: { "key number \($0.number), longer than sixteen bytes" })
            let copy = keyed.copy()
            #expect(copy.count == 4 && keyed.count == 4)
            // The pointers are valid as long as their batch is.
            withExtendedLifetime((batch, keyed, copy, copy.records)) {
                for i in 0..<4 {
                    #expect(copy.keys[i] == keyed.keys[i] && copy.hashes[i] == keyed.keys[i].stableHash)
                    #expect(copy.records.elements[i] === batch.elements[i])
                }
            }
            let filled = KeyedBatch<String, LiveItems.Item>(capacity: 4)
            filled.append(live.item(7), at: 7, key: "seven", hash: "seven".stableHash)
            let other = filled.copy()
            withExtendedLifetime(other) { #expect(filled.count == 1 && other.keys[0] == "seven") }
            #expect(throws: Fault.self) {
                _ = try KeyedBatch(batch) { (item) throws(Fault) -> String in
                    if item.number == 2 { throw Fault() }
                    return "a key that is kept on the heap, \(item.number)"
                }
            }
        }
        #expect(live.count == 0)
    }
}

@Suite struct OutletTests {
    private func inlet(consumes: Bool, _ body: @escaping (Batch<Int>) -> Void) -> Inlet<Batch<Int>> {
        Inlet(consumes: consumes, onBatch: { body($0) }, onSignal: { _ in })
    }

    private func values(_ batch: Batch<Int>) -> [Int] { (0..<batch.count).map { batch.elements[$0] } }

    @Test(arguments: [
        [true], [false], [true, false], [false, true], [true, true, true], [false, true, true, false],
    ])
    func everyInletSeesEveryRecord(consuming: [Bool]) throws {
        let outlet = Outlet<Batch<Int>>()
        #expect(outlet.isUnconnected)
        var seen: [[Int]] = []
        var batches: [ObjectIdentifier] = []
        for consumes in consuming {
            outlet.connect(
                inlet(consumes: consumes) { batch in
                    seen.append(values(batch))
                    batches.append(ObjectIdentifier(batch))
                    // One that consumes may do what it wants with its batch.
                    if consumes {
                        for i in 0..<batch.count { batch.elements[i] = -1 }
                        batch.count = 1
                    }
                })
        }
        #expect(!outlet.isUnconnected)
        let batch = Batch<Int>(capacity: 3)
        for i in 1...3 { batch.append(i, at: 0) }
        try outlet.push(batch)
        #expect(seen == Array(repeating: [1, 2, 3], count: consuming.count))
        // Copies are made only for the second consumer and further ones.
        let copies = batches.filter { $0 != ObjectIdentifier(batch) }.count
        #expect(copies == max(0, consuming.filter { $0 }.count - 1))
    }

    @Test func emptyBatchesAreNotPassedOn() throws {
        let outlet = Outlet<Batch<Int>>()
        outlet.connect(inlet(consumes: true) { _ in Issue.record("an empty batch") })
        try outlet.push(Batch(capacity: 3))
    }

    @Test(arguments: RunCase.some)
    func aFilterDoesNotAffectOtherBranches(run: RunCase) async throws {
        let live = LiveItems()
        let logs = (0..<4).map { _ in EventLog<Int>() }
        let keyed = EventLog<LiveItems.Item>()
        let count = 300
        do {
            let pipeline = try Pipeline("branches") { p in
                let items = p.source("items", ScriptedSource([.emit((0..<count).map { live.item($0) })]))
                let numbers = items.map { $0.number }
                _ = items.filter { $0.number % 2 == 0 }.map { $0.number }.log("even", to: logs[0])
                _ = items.filter { $0.number % 3 == 0 }.map { $0.number }.log("thirds", to: logs[1])
                _ = numbers.filter { $0 < 10 }.log("few", to: logs[2])
                _ = numbers.map { -$0 }.log("negative", to: logs[3])
                _ = items.keyBy { $0.number % 5 }.log("keyed", to: keyed)
            }
            try await pipeline.run(run.options)
        }
        #expect(logs[0].records.sorted() == (0..<count).filter { $0 % 2 == 0 }, "\(run)")
        #expect(logs[1].records.sorted() == (0..<count).filter { $0 % 3 == 0 }, "\(run)")
        #expect(logs[2].records.sorted() == Array(0..<10), "\(run)")
        #expect(logs[3].records.sorted() == (0..<count).map { -$0 }.sorted(), "\(run)")
        #expect(keyed.records.map(\.number).sorted() == Array(0..<count), "\(run)")
    }
}
