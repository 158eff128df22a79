import StateBackend
import StreamConnectors
import StreamCore
import StreamOperators
import Testing

@Suite struct SourceTests {
    /// Runs a script of times and returns what comes out at the source and after a keyBy.
    private func run(
        _ source: ScriptedSource<Timestamp>, _ strategy: WatermarkStrategy<Timestamp>, _ run: RunCase
    ) async throws -> (source: EventLog<Timestamp>, keyed: EventLog<Timestamp>, status: JobStatus) {
        let log = EventLog<Timestamp>()
        let keyed = EventLog<Timestamp>()
        let pipeline = try Pipeline("times") { p in
            _ = p.source("times", source, time: { $0 }, watermarks: strategy).log("log", to: log)
                .keyBy { $0 }.log("keyed", to: keyed)
        }
        let status = try await pipeline.run(run.options)
        return (log, keyed, status)
    }

    private static let single = RunCase(seed: nil, parallelism: 1, batchSize: 1, ringCapacity: 16)

    static let bounds: [(bound: Duration, times: [Timestamp], watermarks: [Timestamp])] = [
        (.zero, [10, 30, 20, 31], [9, 29, 30, .max]),
        (.milliseconds(5), [10, 30, 20, 40], [4, 24, 34, .max]),
        (.milliseconds(5), [-10, -30, 0], [-16, -6, .max]),
        // Saturating, and a time beyond all others isn't the end.
        (.milliseconds(5), [.min, .min + 5, .min + 6, .min + 7], [.min + 1, .max]),
        (.zero, [.max, 5, .max], [.max - 1, .max]),
        (.milliseconds(5), [.max - 1, .max], [.max - 7, .max - 6, .max]),
        (.milliseconds(Int64.max), [5, .max], [.min + 5, -1, .max]),
    ]

    @Test(arguments: bounds)
    func watermarkIsTheHighestTimeLessTheBoundLessOne(
        bound: Duration, times: [Timestamp], watermarks: [Timestamp]
    ) async throws {
        let got = try await run(
            ScriptedSource([.emit(times)]), .boundedOutOfOrderness(bound), Self.single)
        #expect(got.source.watermarks == [watermarks])
        #expect(got.source.records == times)
    }

    @Test func negativeBoundIsRejected() throws {
        #expect(throws: PipelineError.self) {
            try Pipeline("negative") { p in
                _ = p.source(
                    "times", ScriptedSource<Timestamp>([]), time: { $0 },
                    watermarks: .boundedOutOfOrderness(.milliseconds(-1)))
            }
        }
    }

    @Test func theLowestSplitCountsAndNoneIsForgotten() async throws {
        let source = ScriptedSource<Timestamp>(
            [.emit([100, 200])], [.nothing, .nothing, .emit([50, 60])], [.emit([70, 80])])
        let got = try await run(source, .monotonous(), Self.single)
        // Not before the second split was heard of; then never above the lowest split that hasn't ended.
        #expect(got.source.watermarks.first?.first == 49)
        got.source.checkSignals(workers: 1)
    }

    @Test(arguments: RunCase.all)
    func anIdleSplitDoesNotHoldTheWatermark(run: RunCase) async throws {
        let gate = Gate()
        let source = ScriptedSource<Timestamp>(
            [.emit((1...100).map { $0 * 10 }), .run { gate.open() }],
            [.emit([5]), .caughtUp, .caughtUp, .wait(gate), .emit([2_000, 3_000])])
        let got = try await self.run(source, .monotonous(), run)
        // The first split reached 1,000 while the second waited. Where they are on two workers, what one reaches may be
        // merged with what the other reaches later.
        if run.parallelism == 1 { #expect(got.keyed.watermarks[0].contains(999), "\(got.keyed.watermarks), \(run)") }
        got.source.checkSignals(workers: run.parallelism, "\(run)")
        got.keyed.checkSignals(workers: run.parallelism, "\(run)")
        #expect(got.keyed.records.count == 103, "\(run)")
    }

    @Test func aSplitThatIsNeverIdleHoldsTheWatermark() async throws {
        let gate = Gate()
        let source = ScriptedSource<Timestamp>(
            [.emit([10, 20, 30]), .run { gate.open() }], [.emit([5]), .wait(gate), .emit([1_000])])
        let got = try await run(source, .monotonous(idleness: .never), Self.single)
        #expect(got.source.watermarks == [[4, 999, .max]])
        #expect(got.source.signals == [[.watermark(4), .watermark(999), .watermark(.max), .end]])
    }

    @Test func aSplitThatComesBackBehindCountsOnceItHasCaughtUp() async throws {
        let ahead = Gate()
        let behind = Gate()
        let source = ScriptedSource<Timestamp>(
            [.emit([10, 100]), .run { ahead.open() }, .wait(behind), .emit([210, 500])],
            [.emit([5]), .wait(ahead), .emit([50, 60, 150, 200]), .run { behind.open() }])
        let got = try await run(source, .monotonous(), Self.single)
        got.source.checkSignals(workers: 1, allowLate: true)
        #expect(got.source.watermarks.first?.contains { $0 > 4 && $0 < 99 } == false)
        #expect(got.source.watermarks.first?.contains(99) == true)
        #expect(got.source.records.count == 9)
    }

    @Test(arguments: RunCase.all)
    func workersWithoutASplitDoNotEndTheStreamOfAnIdleOne(run: RunCase) async throws {
        let source = ScriptedSource<Timestamp>([
            .emit([100]), .caughtUp, .caughtUp, .caughtUp, .emit([200]), .caughtUp, .caughtUp, .emit([300]), .caughtUp,
            .caughtUp,
        ])
        let got = try await self.run(source, .monotonous(), run)
        got.source.checkSignals(workers: run.parallelism, "source, \(run)")
        got.keyed.checkSignals(workers: run.parallelism, "\(run)")
        #expect(got.keyed.records.sorted() == [100, 200, 300], "\(run)")
        #expect(got.source.watermarks[0] == [99, 199, 299, .max], "\(run)")
    }

    @Test(arguments: RunCase.some)
    func noSplitsAtAll(run: RunCase) async throws {
        let got = try await self.run(ScriptedSource<Timestamp>(scripts: []), .monotonous(), run)
        got.keyed.checkSignals(workers: run.parallelism, "\(run)")
        #expect(got.keyed.records.isEmpty, "\(run)")
        for signals in got.keyed.signals { #expect(signals == [.watermark(.max), .end], "\(run)") }
    }

    @Test(arguments: [1, 7, 1_024])
    func surplusRecordsOfAReadAreAllTaken(batchSize: Int) async throws {
        let times = (1...2_500).map { Timestamp($0) }
        let got = try await run(
            ScriptedSource([.burst(times), .burst([2_501]), .caughtUp, .burst([2_502, 2_503])]), .monotonous(),
            RunCase(seed: nil, parallelism: 1, batchSize: batchSize, ringCapacity: 1))
        #expect(got.source.records == Array(1...2_503))
        got.source.checkSignals(workers: 1)
        #expect(got.status["times"]?.recordsIn == 2_503)
    }

    @Test(arguments: RunCase.all)
    func lateAtTheSourceIsTheSameHoweverItRuns(run: RunCase) async throws {
        let bound = 15
        let splits = Item.splits([150, 3, 120, 90], keys: 5, disorder: 60, seed: 77)
        // By the contract, per split and record.
        var late: Set<Item> = []
        for split in splits {
            var newest = Timestamp.min
            for item in split {
                if newest > .min && item.time <= newest - Int64(bound) - 1 {
                    late.insert(item)
                } else {
                    newest = max(newest, item.time)
                }
            }
        }
        let log = EventLog<Item>()
        let lateLog = EventLog<Item>()
        let sink = CollectSink<Item>()
        let pipeline = try Pipeline("late") { p in
            let items = p.source(
                "items", CollectionSource(splits: splits), time: \.time,
                watermarks: .boundedOutOfOrderness(.milliseconds(Int64(bound)), lateness: .atSource))
            _ = items.keyBy(\.key).log("on time", to: log)
            items.lateRecords.log("late", to: lateLog).write("late sink", to: sink)
        }
        let status = try await pipeline.run(run.options)
        #expect(late.count > 20)
        #expect(multiset(sink.elements) == multiset(late), "\(run)")
        #expect(multiset(log.records) == multiset(splits.flatMap { $0 }.filter { !late.contains($0) }), "\(run)")
        // Nothing that is on time for its split is late anywhere; late records may be.
        log.checkSignals(workers: run.parallelism, "\(run)")
        lateLog.checkSignals(workers: run.parallelism, allowLate: true, "late, \(run)")
        #expect(status["items"]?.late == late.count, "\(run)")
        #expect(status["items"]?.recordsIn == 363 && status["items"]?.recordsOut == 363 - late.count, "\(run)")
    }

    @Test(arguments: RunCase.some)
    func deadLettersCarryTheStepsName(run: RunCase) async throws {
        let letters = (0..<20).map {
            DeadLetter(source: "file \($0 % 3)", offset: Int64($0), reason: "not a number", bytes: [UInt8($0)])
        }
        let source = ScriptedSource<Timestamp>(
            [.reject(letters[0]), .emit([1, 2]), .reject(letters[1]), .reject(letters[2]), .emit([3])],
            letters[3...].map { .reject($0) })
        let sink = CollectSink<DeadLetter>()
        let log = EventLog<DeadLetter>()
        let records = CollectSink<Timestamp>()
        let pipeline = try Pipeline("letters") { p in
            let times = p.source("numbers", source, time: { $0 }, watermarks: .monotonous())
            times.write("records", to: records)
            times.deadLetters.rebalance().log("letters", to: log).write("rejected", to: sink)
        }
        let status = try await pipeline.run(run.options)
        let expected = letters.map {
            DeadLetter(step: "numbers", source: $0.source, offset: $0.offset, reason: $0.reason, bytes: $0.bytes)
        }
        #expect(sink.elements.sorted { $0.offset < $1.offset } == expected, "\(run)")
        #expect(records.elements.sorted() == [1, 2, 3], "\(run)")
        #expect(status["numbers"]?.rejected == 20 && status["numbers"]?.recordsIn == 23, "\(run)")
        log.checkSignals(workers: run.parallelism, allowLate: true, "\(run)")

        // Nobody has to read them.
        let silent = try await self.run(source, .monotonous(), run)
        #expect(silent.status["times"]?.rejected == 20, "\(run)")
        #expect(silent.keyed.records.sorted() == [1, 2, 3], "\(run)")
    }

    /// No further record pushes it on, no watermark, and where the reader doesn't say that it has caught up, not even
    /// that.
    @Test(arguments: [ReadStatus.caughtUp, .more], [nil, 1, 2] as [UInt64?])
    func aLoneRecordArrives(status: ReadStatus, seed: UInt64?) async throws {
        for parallelism in [1, 2, 4] {
            let gate = Gate()
            let lost = Tally()
            let run = RunCase(seed: seed, parallelism: parallelism, batchSize: 1_024, ringCapacity: 16)
            // The last worker's key, while the source is on the first one.
            let key = key(ofWorker: parallelism - 1, parallelism: parallelism)
            let source = ScriptedSource<Int>([
                .emit([key]), .waitAtMost(reads: 5_000, gate, status: status, otherwise: { lost.add() }),
            ])
            let pipeline = try Pipeline("lone") { p in
                _ = p.source("items", source).keyBy { $0 }.log("keyed", to: EventLog()).keyBy { $0 + 1 }
                    .log("again", to: EventLog()).inspect { _, _ in gate.open() }
            }
            try await pipeline.run(run.options)
            #expect(lost.value == 0, "\(run)")
        }
    }

    /// A job whose source has nothing sleeps: the spins before, then a look each millisecond.
    @Test func anIdleSourceIsSeldomAsked() async throws {
        let start = ContinuousClock.now
        let idle = IdleSource(end: start + .milliseconds(200))
        let pipeline = try Pipeline("idle") { p in _ = p.source("nothing", idle).keyBy { $0 }.log("log", to: EventLog())
        }
        let options = RunCase(seed: nil, parallelism: 2, batchSize: 64, ringCapacity: 16).options
        try await pipeline.run(options)
        let elapsed = Int((ContinuousClock.now - start).milliseconds)
        #expect(idle.reads.value < 300 + 3 * elapsed, "\(idle.reads.value) reads in \(elapsed) ms")
    }
}

/// A split that has caught up until a certain time.
struct IdleSource: Source {
    let end: ContinuousClock.Instant
    let reads = Tally()

    func splits(parallelism: Int) -> [Int] { [0] }
    func makeReader(for split: Int) -> Reader { Reader(source: self) }

    struct Reader: SplitReader {
        let source: IdleSource

        mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
            source.reads.add()
            return ContinuousClock.now < source.end ? .caughtUp : .end
        }
    }
}
