import StreamTesting
import Synchronization
import Testing
import Weir

/// The suites for plain and idempotent sinks and for sources find what is wrong.
struct SuiteFaultTests {
    @Test(arguments: FaultySink.Fault.allCases)
    func faultsOfSinks(fault: FaultySink.Fault) {
        let found = SinkCheck.allCases.filter { check in
            do {
                try SinkSuite(element: { $0 }) {
                    let sink = FaultySink(fault)
                    return SinkPlace(sink: sink, visible: { sink.numbers.withLock { $0 } })
                }
                .run(check)
                return false
            } catch { return true }
        }
        #expect(found == fault.expected)
    }

    @Test(arguments: GrowingNumbers.Fault.allCases)
    func faultsWithWhatComesLater(fault: GrowingNumbers.Fault) {
        var suite = SourceSuite(expected: Array(0..<20)) { GrowingNumbers(fault) }
        suite.ends = fault.kind != .idle
        let later = fault.kind == .discovered ? Array(100..<105) : [20, 21]
        let found = Result { try suite.arriving(later) { $0.grow() }.run(.laterRecords) }
        #expect(((try? found.get()) != nil) == fault.isRight, "\(found)")
    }

    @Test(arguments: FaultyTable.Fault.allCases)
    func faultsOfIdempotentSinks(fault: FaultyTable.Fault) {
        let found = IdempotentSinkCheck.allCases.filter { check in
            do {
                try IdempotentSinkSuite(element: { TableRow(key: $0, value: $1) }, key: \.key) {
                    let table = FaultyTable(fault)
                    return IdempotentSinkPlace(sink: { table }, visible: { table.rows.withLock { $0 } })
                }
                .run(check)
                return false
            } catch { return true }
        }
        #expect(found == fault.expected)
    }

    @Test func aSinkThatKeepsTheFirst() throws {
        var suite = IdempotentSinkSuite(element: { TableRow(key: $0, value: $1) }, key: \.key) {
            let table = FaultyTable(.keepsTheFirst)
            return IdempotentSinkPlace(sink: { table }, visible: { table.rows.withLock { $0 } })
        }
        suite.replaces = false
        try suite.run()
    }

    @Test(arguments: FaultyNumbers.Fault.allCases)
    func faultsOfSources(fault: FaultyNumbers.Fault) {
        let found = SourceCheck.allCases.filter { check in
            do {
                try SourceSuite(expected: Array(0..<20)) { FaultyNumbers(fault: fault) }.run(check)
                return false
            } catch { return true }
        }
        #expect(found == fault.expected)
    }
}

struct TableRow: Hashable, Sendable {
    let key: Int
    let value: Int
}

/// A table in memory, which may do one thing wrong.
final class FaultyTable: IdempotentSink {
    enum Fault: CaseIterable {
        case none, appends, keepsTheFirst, forgetsToFlushAtTheEnd, losesTheLast
        case refusesLowerEpochs, skipsSequencesItKnows

        var expected: [IdempotentSinkCheck] {
            switch self {
            case .none: []
            case .refusesLowerEpochs: [.writtenAfterAFailedSnapshot, .random]
            // Right as long as the parallelism stays.
            case .skipsSequencesItKnows: [.random]
            case .appends, .keepsTheFirst:
                [
                    .lastOneCounts, .writtenAgain, .writtenAfterAFailedSnapshot, .killedBeforeFlush, .severalWorkers,
                    .many, .random,
                ]
            case .forgetsToFlushAtTheEnd: [.lastOneCounts, .many, .random]
            case .losesTheLast:
                [
                    .flushedIsVisible, .lastOneCounts, .writtenAgain, .writtenAfterAFailedSnapshot, .killedBeforeFlush,
                    .severalWorkers, .many, .random,
                ]
            }
        }
    }

    struct Name: Hashable {
        let worker: Int
        let sequence: Int
    }

    let rows = Mutex<[TableRow]>([])
    let newestEpoch = Mutex(0)
    let known = Mutex<Set<Name>>([])
    let fault: Fault

    init(_ fault: Fault) { self.fault = fault }

    func makeWriter(_ context: SinkContext) -> Writer { Writer(table: self) }

    struct Writer: IdempotentWriter {
        let table: FaultyTable
        var held: [(name: Name, row: TableRow)] = []

        init(table: FaultyTable) { self.table = table }

        mutating func write(_ batch: Batch<TableRow>, keys: [Int], as first: WriteIdentity) {
            if table.fault == .refusesLowerEpochs {
                let isLower = table.newestEpoch.withLock { newest in
                    newest = max(newest, first.epoch)
                    return first.epoch < newest
                }
                if isLower { return }
            }
            for i in 0..<batch.count {
                held.append((Name(worker: first.worker, sequence: first.sequence + i), batch.elements[i]))
            }
        }

        mutating func flush() {
            if table.fault == .losesTheLast && !held.isEmpty { held.removeLast() }
            for (name, pair) in held {
                if table.fault == .skipsSequencesItKnows, !table.known.withLock({ $0.insert(name).inserted }) {
                    continue
                }
                table.rows.withLock { rows in
                    let old = table.fault == .appends ? nil : rows.firstIndex { $0.key == pair.key }
                    guard let old else { return rows.append(pair) }
                    if table.fault != .keepsTheFirst { rows[old] = pair }
                }
            }
            held = []
        }

        mutating func close() { if table.fault != .forgetsToFlushAtTheEnd { flush() } }
    }
}

/// Two splits of ten numbers, which may do one thing wrong.
struct FaultyNumbers: Source {
    enum Fault: CaseIterable {
        case none, sameNames, positionBehindByOne, noPosition, neverEnds, losesWhenFull

        var expected: [SourceCheck] {
            switch self {
            case .none: []
            case .sameNames: [.namesOfSplits]
            case .positionBehindByOne: [.restartAnywhere, .restartTwice, .restartAtTheEnd]
            case .noPosition: [.restartAnywhere, .restartTwice, .restartAtTheEnd]
            case .neverEnds: SourceCheck.allCases.filter { $0 != .namesOfSplits && $0 != .laterRecords }
            case .losesWhenFull: [.sizesOfOutputs]
            }
        }
    }

    let fault: Fault

    func splits(parallelism: Int) -> [Int] { [0, 1] }
    func name(of split: Int, number: Int) -> String { fault == .sameNames ? "numbers" : "\(split)" }
    func makeReader(for split: Int) -> Reader { Reader(next: split * 10, end: split * 10 + 10, fault: fault) }
    func makeReader(for split: Int, from position: SplitPosition) throws -> Reader {
        Reader(next: Int(try position.offset), end: split * 10 + 10, fault: fault)
    }

    struct Reader: SplitReader {
        var next: Int
        let end: Int
        let fault: Fault

        var restartPosition: SplitPosition? {
            fault == .noPosition ? nil : SplitPosition(Int64(fault == .positionBehindByOne ? max(next - 1, 0) : next))
        }

        mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
            while next < end && !output.isFull {
                output.emit(next)
                next += 1
                // One of those for which there was no room.
                if fault == .losesWhenFull && output.isFull && next % 10 == 7 { next += 1 }
            }
            if next < end { return .more }
            return fault == .neverEnds ? .more : .end
        }
    }
}
