public import Weir

/// A place to which an idempotent sink writes, as an ``IdempotentSinkSuite`` uses it: a table, a bucket.
public struct IdempotentSinkPlace<Output: IdempotentSink>: Sendable {
    let sink: @Sendable () throws -> Output
    let visible: @Sendable () throws -> [Output.Element]
    let remove: @Sendable () -> Void

    /// A place that is empty.
    ///
    /// - Parameters:
    ///   - sink: makes the sink anew on this place, as a process that has just started would.
    ///   - visible: what readers of the place see.
    ///   - remove: removes the place; called when the check is over.
    public init(
        sink: @escaping @Sendable () throws -> Output, visible: @escaping @Sendable () throws -> [Output.Element],
        remove: @escaping @Sendable () -> Void = {}
    ) {
        self.sink = sink
        self.visible = visible
        self.remove = remove
    }
}

/// What an ``IdempotentSinkSuite`` checks.
public enum IdempotentSinkCheck: String, Sendable, CaseIterable, CustomStringConvertible {
    /// What was flushed is durable and visible.
    case flushedIsVisible
    /// A flush and a close without records.
    case nothingWritten
    /// The last record of a key counts: within a batch, over batches, over flushes.
    case lastOneCounts
    /// What is written again, by the same writer or a new one, changes nothing.
    case writtenAgain
    /// What is written again after a snapshot has failed, and then has a lower epoch than before, counts.
    case writtenAfterAFailedSnapshot
    /// What was not flushed when the process was killed may be there or not; once written again it is.
    case killedBeforeFlush
    /// Writers of several workers, and of others after a start at another parallelism.
    case severalWorkers
    /// Writing doesn't change a batch, which other steps may have, too.
    case batchesAreLeftAlone
    /// Many records.
    case many
    /// Random writes, flushes, crashes and replays, compared with a dictionary.
    case random

    /// The check's name.
    public var description: String { rawValue }
}

/// Says whether an idempotent sink does what jobs rely on: for those who write a sink.
///
/// The suite plays the engine, which after a failure writes again what came since the last snapshot.
/// ```swift
/// @Test(arguments: IdempotentSinkCheck.allCases)
/// func conforms(check: IdempotentSinkCheck) throws {
///     try IdempotentSinkSuite(element: { Balance(account: $0, cents: $1) }, key: { $0.account }) {
///         let table = try TestTable()
///         return IdempotentSinkPlace(
///             sink: { UpsertSink(table.name) }, visible: { try table.rows() }, remove: { table.drop() })
///     }
///     .run(check)
/// }
/// ```
public struct IdempotentSinkSuite<Output: IdempotentSink>: Sendable where Output.Element: Hashable {
    typealias Record = (key: Int, value: Int)

    let element: @Sendable (_ key: Int, _ value: Int) -> Output.Element
    let key: @Sendable (Output.Element) -> Output.Key
    let makePlace: @Sendable () throws -> IdempotentSinkPlace<Output>
    /// Whether a record replaces an older one of its key; the default is yes.
    ///
    /// Where it is no, as for a sink that appends each key once, all records of a key are alike in all checks.
    public var replaces = true
    /// The seeds of ``IdempotentSinkCheck/random``; the default is 0 ..< 20, each in a place of its own.
    public var seeds: Range<UInt64> = 0..<20

    /// A suite.
    ///
    /// - Parameters:
    ///   - element: makes the record of a key and a value, both numbers.
    ///   - key: by what a record replaces an older one.
    ///   - place: makes an empty place.
    public init(
        element: @escaping @Sendable (_ key: Int, _ value: Int) -> Output.Element,
        key: @escaping @Sendable (Output.Element) -> Output.Key,
        place: @escaping @Sendable () throws -> IdempotentSinkPlace<Output>
    ) {
        self.element = element
        self.key = key
        makePlace = place
    }

    /// Runs all checks.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run() throws(ConformanceFailure) { for check in IdempotentSinkCheck.allCases { try run(check) } }

    /// Runs a check.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run(_ check: IdempotentSinkCheck) throws(ConformanceFailure) {
        for seed in check == .random ? seeds : 0..<1 {
            do {
                let place = try makePlace()
                defer { place.remove() }
                var run = IdempotentSinkRun(self, place)
                try body(check, &run, seed)
            } catch {
                let name = check == .random ? "\(check) with seed \(seed)" : check.rawValue
                throw ConformanceFailure(check: name, what: "\(error)")
            }
        }
    }

    private func body(_ check: IdempotentSinkCheck, _ run: inout IdempotentSinkRun<Output>, _ seed: UInt64) throws {
        try run.start()
        switch check {
        case .flushedIsVisible:
            try run.write((0..<5).map { ($0, 1) })
            try run.snapshot()
            try run.expectVisible("after a flush")
            run.crash()
            try run.expectVisible("after a crash right after the flush")
        case .nothingWritten:
            try run.snapshot()
            try run.write([])
            try run.snapshot()
            try run.close()
            try run.expectVisible("when nothing was written")
        case .lastOneCounts:
            try run.write([(1, 1), (2, 1), (1, 2)])
            try run.write([(2, 2), (3, 1), (3, 2), (3, 3)])
            try run.snapshot()
            try run.expectVisible("after batches with records of the same keys")
            try run.write([(1, 5)])
            try run.close()
            try run.expectVisible("after the close")
        case .writtenAgain:
            try run.write([(1, 1), (2, 1)])
            try run.snapshot()
            try run.write([(2, 2), (3, 1)])
            try run.write([(1, 3), (3, 2)])
            try run.flush()
            for _ in 0..<2 {
                run.crash()
                try run.start()
                try run.replay()
                try run.flush()
                try run.expectVisible("after everything since the snapshot was written again")
            }
        case .writtenAfterAFailedSnapshot:
            try run.write([(1, 1)])
            try run.snapshot()
            try run.write([(1, 2), (2, 1)])
            try run.failedSnapshot()
            try run.write([(1, 3), (3, 1)])
            try run.flush()
            run.crash()
            try run.start()
            try run.replay()
            try run.write([(1, 4), (4, 1)])
            try run.flush()
            try run.expectVisible("after what came since the last durable snapshot was written again")
        case .killedBeforeFlush:
            try run.write([(1, 1), (2, 1)])
            try run.snapshot()
            try run.write((0..<50).map { ($0, 7) })
            run.crash()
            try run.start()
            try run.replay()
            try run.snapshot()
            try run.expectVisible("after what was lost was written again")
        case .severalWorkers:
            for parallelism in [3, 1, 2] {
                try run.start(parallelism: parallelism)
                for round in 0..<3 { try run.write((0..<10).map { ($0, parallelism * 10 + round) }) }
                try run.snapshot()
                try run.expectVisible("at parallelism \(parallelism)")
                run.crash()
            }
        case .batchesAreLeftAlone:
            let batch = run.batch([(1, 1), (2, 2), (1, 3)])
            try run.write(batch, worker: 0)
            try run.snapshot()
            let expected = run.batch([(1, 1), (2, 2), (1, 3)])
            let isSame = batch.count == 3 && (0..<3).allSatisfy { batch.elements[$0] == expected.elements[$0] }
            if !isSame {
                throw IdempotentSinkRun<Output>.Problem(
                    description: "the batch has changed; other steps may have it, too")
            }
        case .many:
            for first in stride(from: 0, to: 3_000, by: 300) {
                try run.write((first..<first + 400).map { ($0, first) })
            }
            try run.close()
            try run.expectVisible("after 4,000 records")
        case .random: try random(&run, seed)
        }
    }

    private func random(_ run: inout IdempotentSinkRun<Output>, _ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for step in 0..<60 {
            switch random.next(below: 10) {
            case ..<6:
                try run.write(
                    (0..<random.next(below: 6)).map { _ in (Int(random.next(below: 12)), Int(random.next(below: 1_000)))
                    })
            case ..<7: try run.flush()
            case ..<8:
                if random.next(below: 4) == 0 { try run.failedSnapshot() } else { try run.snapshot() }
                try run.expectVisible("after step \(step)")
            default:
                run.crash()
                try run.start(parallelism: 1 + Int(random.next(below: 3)))
                try run.replay()
            }
        }
        try run.close()
        try run.expectVisible("at the end")
    }
}
