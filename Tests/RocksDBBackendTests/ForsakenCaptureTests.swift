import StateBackend
import StreamTesting
import Testing

/// Rows that a store was handed by a capture that is done, and then couldn't write.
struct ForsakenCaptureTests {
    private static let full = StateError(code: .storageFull, message: "no room, as planned")

    /// A step's state over a store that fails as a test says, and its captures as a worker has them.
    private final class Run {
        let backend = FaultyStateBackend(ReferenceBackend())
        let environment: StateEnvironment
        let state: StepState
        private(set) var captures: [any StateCapture] = []
        private(set) var failures = 0

        init(_ allowance: TableAllowance = TableAllowance()) throws {
            let place = StorePlace(
                job: "job", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: 1 << 20)
            environment = StateEnvironment(store: try backend.open(place), allowance: allowance)
            state = StepState(step: "step", in: environment)
        }

        /// Hands everything that has changed to the store, which is to write it later.
        func capture() throws {
            environment.gate.hold(settle: { [unowned self] in settle() }) {}
            captures = try state.capture { _ in .changes }.map(\.capture)
            for capture in captures {
                var rows = StateRows()
                while try capture.next(1 << 20, into: &rows) {}
            }
        }

        private func settle() {
            do { try environment.store?.settle() } catch {
                failures += 1
                for capture in captures { capture.forsake() }
            }
        }
    }

    private func select(_ key: Int, in store: KeyedStateStore<Int>) {
        store.prepare([key], hashes: [key.stableHash], count: 1)
        store.select(key, hash: key.stableHash)
    }

    /// Of which map keys the store lacks the rows is forgotten when many were noted; it must be known again.
    @Test func mapsHaveTheirEntries() throws {
        let run = try Run()
        let store = KeyedStateStore<Int>(run.state)
        let map = try store.map("map", from: Int64.self, to: Int64.self)
        for key in 0..<110 {
            select(key, in: store)
            for entry in 0..<Int64(100) { map[entry] = Int64(key) * 100 + entry }
        }
        for key in 50..<110 {
            select(key, in: store)
            for entry in 0..<Int64(100) { map[entry] = nil }
        }
        run.backend.fail(.later, error: Self.full, goesOn: true)
        try run.capture()
        select(0, in: store)
        map[100] = 100
        for key in 0..<110 {
            select(key, in: store)
            var found: [Int64: Int64] = [:]
            map.forEach { found[$0] = $1 }
            let entries = key < 50 ? 0..<Int64(key == 0 ? 101 : 100) : 0..<0
            let expected = Dictionary(uniqueKeysWithValues: entries.map { ($0, Int64(key) * 100 + $0) })
            #expect(found == expected, "key \(key)")
        }
        #expect(run.failures == 1)
        try run.environment.failure.check()
    }

    /// An entry isn't let go of before its row is written.
    @Test func whatIsLetGoOfIsWritten() throws {
        let run = try Run(TableAllowance(total: 1 << 14, smallestTable: 64))
        let table: StateTable<Int, Int> = try run.state.table("table")
        for key in 0..<200 { table.upsert(key, hash: key.stableHash, key).pointee = key }
        run.backend.fail(.later, error: Self.full)
        try run.capture()
        // Other keys need room.
        for key in 200..<5_000 {
            if key == 800 { run.environment.gate.release() }
            table.upsert(key, hash: key.stableHash, key).pointee = key
        }
        #expect(run.failures == 1)
        #expect((0..<5_000).allSatisfy { table.peek($0, hash: $0.stableHash)?.pointee == $0 })
        try run.environment.failure.check()
    }
}
