import StreamTesting
import Testing
import Weir

@testable import StreamOperators

/// Windows over a store, with so little memory that nearly everything is in the store, against dictionaries.
@Suite struct StoredWindowTests {
    private typealias Tables = WindowTables<Int, Int>
    private typealias Contents = [Pair<Int64, Int>: Int]

    /// A part with what it is over.
    private struct Worker {
        let environment: StateEnvironment
        let state: StepState
        let tables: Tables

        init(
            isStored: Bool = true, over backend: any StateBackend = ReferenceBackend(), rows: Contents = [:],
            rowCounts: [String: Int] = [:]
        ) throws {
            let keyGroups = KeyGroups()
            let place = StorePlace(
                job: "job", worker: 0, keyGroups: keyGroups, groups: 0..<keyGroups.count, memoryBudget: 0)
            let store = isStored ? try backend.open(place) : nil
            let bytes = try StoredWindowTests.rows(of: rows)
            try store?.rows(of: StateEnvironment.id(step: "step", part: "windows")).write(bytes)
            environment = StateEnvironment(
                store: store,
                allowance: isStored ? TableAllowance(total: 1_500, smallestTable: 16) : TableAllowance())
            environment.rowCounts = rowCounts
            state = StepState(step: "step", in: environment)
            tables = try .part("windows", codec: .automatic, of: state)
        }

        var contents: Contents {
            var found: Contents = [:]
            for open in tables.windows {
                open.table.forEachUnchanged {
                    #expect(found.updateValue($1, forKey: Pair(open.window.start, $0)) == nil)
                }
            }
            return found
        }

        /// All rows that the store has.
        func stored() throws -> Contents {
            var found: Contents = [:]
            try environment.store?.rows(of: StateEnvironment.id(step: "step", part: "windows"))
                .scan(groups: 0..<128, prefix: [], from: []) { try StoredWindowTests.read($1, $2, into: &found) }
            return found
        }
    }

    /// As they are to be written.
    private static func rows(of contents: Contents) throws -> StateRows {
        var rows = StateRows()
        for (key, value) in contents {
            try rows.append(hash: key.second.stableHash) {
                for bound in [key.first, key.first + 10] { try $0.encode(bound) }
                try $0.encode(key.second)
            } value: {
                try $0.encode(value)
            }
        }
        return rows
    }

    private static func read(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, into found: inout Contents
    ) throws -> Bool {
        var decoder = StateDecoder([UInt8](key) + [UInt8](value))
        let start: Int64 = try decoder.decode()
        #expect(try decoder.decode(Int64.self) == start + 10)
        let own: Int = try decoder.decode()
        found[Pair(start, own)] = try decoder.decode(Int.self)
        #expect(decoder.isAtEnd)
        return true
    }

    /// One run: what is held, what it should be, and a snapshot that is being taken.
    private struct Run {
        var random: SplitMix64
        var worker: Worker
        var oracle: Contents = [:]
        var first: Int64 = 0
        var taken: (capture: any StateCapture, asOf: Contents, first: Int64)?
        /// What happened, to see that enough did.
        var drops = 0
        var snapshots = 0
        var restores = 0

        init(seed: UInt64) throws {
            random = SplitMix64(seed: seed)
            worker = try Worker()
        }

        mutating func draw(_ limit: UInt64) -> Int { Int(random.next(below: limit)) }

        mutating func add(_ step: Int) {
            let start = (first + Int64(draw(3))) * 10
            let table = worker.tables.open(TimeWindow(start: start, end: start + 10)).table
            let keys = (0...draw(20)).map { _ in draw(60) }
            let hashes = keys.map(\.stableHash)
            if draw(4) > 0 { table.prepare(keys, hashes: hashes, count: keys.count) }
            for (key, hash) in zip(keys, hashes) {
                table.update(key, hash: hash, insert: { step }, update: { $0 += step })
                oracle[Pair(start, key), default: 0] += step
            }
        }

        /// Fires the first window, for good or with lateness.
        mutating func fire(_ note: Comment) {
            defer { first += 1 }
            guard let open = worker.tables.windows.first, open.window.start == first * 10 else { return }
            let expected = oracle.filter { $0.key.first == open.window.start }
            var found: Contents = [:]
            switch draw(3) {
            case 0: open.table.drainBeforeDrop { found[Pair(open.window.start, $0.key)] = $0.value }
            case 1:
                open.table.forEach {
                    found[Pair(open.window.start, $0)] = $1
                    $1 += 1
                }
            default: open.table.forEachUnchanged { found[Pair(open.window.start, $0)] = $1 }
            }
            #expect(found == expected, note)
            oracle = oracle.filter { $0.key.first != open.window.start }
            worker.tables.removeFirst()
            drops += 1
        }

        mutating func begin(_ note: Comment) throws {
            worker.environment.gate.hold {}
            let mode: CaptureMode = draw(3) == 0 ? .everything : .changes
            taken = (try worker.tables.capture(mode), oracle, first)
            #expect(taken?.capture.storedRowCount == oracle.count, note)
        }

        mutating func next(_ note: Comment) throws {
            guard let (capture, asOf, first) = taken else { return }
            var rows = StateRows()
            if try capture.next(1 + draw(60), into: &rows) { return }
            #expect(rows.isEmpty)
            taken = nil
            snapshots += 1
            #expect(try worker.stored() == asOf, note)
            if capture.isComplete {
                var view: Contents = [:]
                try capture.stored?.scan(groups: 0..<128) { try StoredWindowTests.read($1, $2, into: &view) }
                capture.stored?.release()
                #expect(view == asOf, note)
            }
            worker.environment.gate.release()
            guard draw(3) == 0 else { return }
            restores += 1
            oracle = asOf
            self.first = first
            if draw(2) == 0 {
                // The store's own files.
                var rowCounts: [String: Int] = [:]
                for range in capture.storedRanges {
                    rowCounts[StateEnvironment.id(step: "step", part: "windows", prefix: range.prefix)] = range.rowCount
                }
                worker = try Worker(rows: asOf, rowCounts: rowCounts)
            } else {
                // Rows one by one, through the tables of the other backend, too.
                for isStored in [draw(2) == 0, true] {
                    let rows = try StoredWindowTests.rows(of: asOf)
                    worker = try Worker(isStored: isStored)
                    try worker.state.load(
                        rows, of: "windows", distribution: .keyed, previousParallelism: 1)
                    #expect(worker.contents == asOf, note)
                    var saved: [String: SavedPart] = [:]
                    try worker.state.save(into: &saved)
                    #expect(saved["windows"]?.rows.count == asOf.count, note)
                }
            }
            #expect(worker.contents == asOf, note)
            #expect(worker.tables.windows.reduce(0) { $0 + $1.table.count } == asOf.count, note)
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func windowsOverAStoreAgreeWithADictionary(seed: UInt64) throws {
        var run = try Run(seed: seed)
        for step in 0..<1_200 {
            let note: Comment = "seed \(seed), step \(step)"
            switch run.draw(20) {
            case 0 where run.draw(2) == 0: run.fire(note)
            case 1 where run.taken == nil: try run.begin(note)
            case 2 where run.taken != nil && run.draw(8) == 0:
                run.taken?.capture.cancel()
                run.taken = nil
                run.worker.environment.gate.release()
            case 3, 4, 5: try run.next(note)
            case 6 where run.draw(4) == 0: #expect(run.worker.contents == run.oracle, note)
            default: run.add(step)
            }
            try run.worker.environment.failure.check()
            #expect(
                run.worker.tables.windows.reduce(0) { $0 + $1.table.count } == run.oracle.count, note)
        }
        #expect(run.worker.contents == run.oracle, "seed \(seed)")
        #expect(run.drops > 10 && run.snapshots > 5 && run.restores > 0, "seed \(seed)")
    }

    /// A worker over a store with rows of as many windows, which fails from then on.
    private func failing(windows: Int64) throws -> (Worker, FaultyStateBackend) {
        let backend = FaultyStateBackend(ReferenceBackend())
        let worker = try Worker(over: backend)
        for window in 0..<windows {
            let table = worker.tables.open(TimeWindow(start: window * 10, end: window * 10 + 10)).table
            for key in 0..<3 { table.update(key, hash: key.stableHash, insert: { 1 }, update: { $0 += 1 }) }
        }
        let capture = try worker.tables.capture(.changes)
        var rows = StateRows()
        while try capture.next(1 << 20, into: &rows) {}
        #expect(try worker.stored().count == Int(3 * windows))
        backend.fail(.write, error: StateError(code: .storageFull, message: "no room, as planned"), goesOn: true)
        return (worker, backend)
    }

    @Test func rowsThatCantBeRemovedAreRemovedBeforeTheNextCapture() throws {
        let (worker, backend) = try failing(windows: 150)
        for _ in 0..<150 { worker.tables.removeFirst() }
        #expect(worker.environment.failure.error == nil)
        // At first, and, in case that there is never a barrier, for 64 and 128 windows.
        #expect(backend.failures == 3)
        #expect(throws: StateError.self) { try worker.tables.capture(.changes) }
        #expect(worker.environment.failure.error == nil)
        #expect(try worker.stored().count == 450)
        backend.heal()
        #expect(try worker.tables.capture(.changes).storedRowCount == 0)
        #expect(try worker.stored().isEmpty)
    }

    @Test(arguments: [true, false]) func aWindowIsNotMadeOverRowsOfItsFormerSelf(fails: Bool) throws {
        let (worker, backend) = try failing(windows: 2)
        for _ in 0..<2 { worker.tables.removeFirst() }
        if !fails { backend.heal() }
        let table = worker.tables.open(TimeWindow(start: 0, end: 10)).table
        #expect(table.count == 0)
        let error = worker.environment.failure.error as? StateError
        #expect(error?.code == (fails ? .storageFull : nil))
        if !fails { #expect(try worker.stored().keys.allSatisfy { $0.first != 0 }) }
    }
}
