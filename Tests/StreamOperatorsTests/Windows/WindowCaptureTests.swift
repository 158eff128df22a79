import StreamTesting
import Testing
import Weir

@testable import StreamOperators

/// Captures of windows that come and go while they are captured, against dictionaries.
@Suite struct WindowCaptureTests {
    private typealias Tables = WindowTables<Int, Int>

    private func makeTables() throws -> Tables { try .part("windows", codec: .automatic, of: StepState()) }
    private typealias Contents = [Pair<Int64, Int>: Int]

    private func contents(_ tables: Tables) -> Contents {
        var found: Contents = [:]
        for open in tables.windows { open.table.forEachUnchanged { found[Pair(open.window.start, $0)] = $1 } }
        return found
    }

    /// Adds what a capture gave to what was there before.
    private func load(_ rows: StateRows, into tables: Tables) throws {
        for row in rows.rows {
            var decoder = rows.decoder(of: row)
            if row.isRemoval { try tables.unload(&decoder) } else { try tables.load(&decoder) }
            #expect(decoder.isAtEnd)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func capturesAreAsOfTheirBeginning(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let tables = try makeTables()
        var copy = try makeTables()
        var first: Int64 = 0
        var capture: (any StateCapture)?
        var rows = StateRows()
        var asOf: Contents = [:]
        var wasCancelled = false
        for step in 0..<1_500 {
            switch random.next(below: 100) {
            case 0..<70:
                let start = (first + Int64(random.next(below: 3))) * 10
                let key = Int(random.next(below: 40))
                let open = tables.open(TimeWindow(start: start, end: start + 10))
                open.table.upsert(key, hash: key.stableHash, 0).pointee += step
            case 70..<72:
                if let open = tables.windows.first, open.window.start <= first * 10 {
                    if random.next(below: 2) == 0 { open.table.drain { _ in } }
                    tables.removeFirst()
                }
                first += 1
            case 72..<76 where capture == nil:
                asOf = contents(tables)
                capture = try tables.capture(random.next(below: 4) == 0 ? .everything : .changes)
                if capture?.isComplete == true { copy = try makeTables() }
                #expect(!wasCancelled || capture?.isComplete == true)
                wasCancelled = false
                rows = StateRows()
            case 76 where capture != nil:
                capture?.cancel()
                capture = nil
                wasCancelled = true
            default:
                guard let taken = capture, try !taken.next(1 + Int(random.next(below: 60)), into: &rows) else {
                    continue
                }
                capture = nil
                try load(rows, into: copy)
                #expect(contents(copy) == asOf, "seed \(seed), step \(step), complete: \(taken.isComplete)")
            }
        }
    }
}
