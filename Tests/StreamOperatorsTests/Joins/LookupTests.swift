import StreamTesting
import Testing
import Weir

/// Look-ups whose answers the test gives, in the order that it chooses.
@Suite struct LookupTests {
    private struct Job {
        let gate = LookupGate()
        let input = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test: TestPipeline

        init(
            ordered: Bool = true, capacity: Int = 100, timeout: Duration = .seconds(30), retry: LookupRetry = .none,
            onTimeout: (@Sendable (Event) throws -> String?)? = nil, onError: ErrorPolicy = .fail,
            parallelism: Int = 1, batchSize: Int = 1_024
        ) throws {
            let (gate, input, log) = (gate, input, log)
            test = try TestPipeline(parallelism: parallelism, batchSize: batchSize) { p in
                let found = p.input(input).lookup(
                    "lookup", ordered: ordered, capacity: capacity, timeout: timeout, retry: retry,
                    onTimeout: onTimeout, onError: onError, gate.find)
                // The exchange keeps workers without splits from ending early, so that there are snapshots.
                found.union("all", found.deadLetters.map { "dead: \($0.step), \($0.reason)" })
                    .global("one worker").logged("log", in: log)
            }
        }

        func play(_ text: String, firstID: Int = 0) throws {
            input.play(script(text, firstID: firstID))
            try test.settle()
        }

        func answer(_ ids: Int..., with error: (any Error)? = nil) throws {
            for id in ids {
                gate.answer(id, with: error)
                try test.settle()
            }
        }

        /// What has come since this was last asked: results, watermarks, the end.
        func take() -> [String] {
            defer { _ = log.take() }
            return log.events.map { event in
                switch event {
                case .record(let word, _): word
                case .signal(.watermark(let time)): time == .max ? "max" : "w\(time)"
                case .signal(let signal): "\(signal)"
                }
            }
        }
    }

    @Test func orderedResultsLeaveInTheOrderOfTheRecords() throws {
        let job = try Job()
        try job.play("a@1 a@2 w2 a@3 w3 a@4")
        #expect(job.gate.takeCalls() == [0, 1, 2, 3])
        try job.answer(3, 1, 2)
        #expect(job.take() == [])
        try job.answer(0)
        #expect(job.take() == ["0", "1", "w2", "2", "w3", "3"])
        for case .record(let word, let time) in job.log.events { #expect(time == (Int64(word) ?? 0) + 1) }
    }

    @Test func unorderedResultsLeaveAsTheyComeButPassNoWatermark() throws {
        let job = try Job(ordered: false)
        try job.play("a@1 a@2 w2 a@3 a@4 w4")
        try job.answer(3, 1)
        #expect(job.take() == ["1"])
        try job.answer(0)
        #expect(job.take() == ["0", "w2", "3"])
        try job.answer(2)
        #expect(job.take() == ["2", "w4"])
    }

    @Test func resultsKeepTheirTimestamps() throws {
        let job = try Job(ordered: false)
        try job.play("a@10 a@20")
        try job.answer(1, 0)
        #expect(job.log.events == [.record("1", at: 20), .record("0", at: 10)])
    }

    @Test(arguments: [true, false]) func noMoreThanTheCapacityRun(ordered: Bool) throws {
        let job = try Job(ordered: ordered, capacity: 2, batchSize: 1)
        try job.play("a@0 a@1 a@2 a@3 a@4 a@5 a@6 a@7")
        #expect(job.gate.takeCalls() == [0, 1])
        // Two run, three wait, and the others were not taken in.
        #expect(job.test.status["lookup"]?.recordsIn == 5)
        try job.answer(1)
        // In order, the result that waits counts as one that runs.
        #expect(job.gate.takeCalls() == (ordered ? [] : [2]))
        try job.answer(0)
        #expect(job.gate.takeCalls() == (ordered ? [2, 3] : [3]))
        for id in 2..<8 { try job.answer(id) }
        #expect(job.take().sorted() == (0..<8).map(String.init))
    }

    @Test func theEndWaitsForAll() throws {
        let job = try Job()
        try job.play("a@1 a@2")
        job.input.end()
        try job.test.settle()
        #expect(job.take() == [] && !job.test.isFinished)
        try job.answer(0, 1)
        #expect(job.take() == ["0", "1", "max", "end"])
        #expect(job.test.isFinished)
    }

    @Test(arguments: [true, false]) func recordsInFlightSurviveARestart(ordered: Bool) throws {
        let job = try Job(ordered: ordered, capacity: 3)
        try job.play("a@1 a@2 a@3 w3 a@4 a@5")
        // Has an answer that waits for the one of 0.
        try job.answer(1)
        let before = job.take()
        #expect(before == (ordered ? [] : ["1"]))
        _ = job.gate.takeCalls()
        try job.test.restart()
        #expect(job.gate.takeCalls() == (ordered ? [0, 1, 2] : [0, 2, 3]))
        #expect(job.gate.waiting == (ordered ? [0, 1, 2] : [0, 2, 3]))
        for _ in 0..<5 { for id in job.gate.waiting { try job.answer(id) } }
        #expect(job.take() == (ordered ? ["0", "1", "2", "3", "4", "w3"] : ["0", "2", "3", "4", "w3"]))
    }

    @Test func recordsInFlightSurviveAChangeOfParallelism() throws {
        let job = try Job(capacity: 2, parallelism: 3)
        try job.play("a@1 a@2 a@3 a@4 a@5 w3")
        try job.test.restart(parallelism: 2)
        try job.test.restart(parallelism: 4)
        job.input.end()
        try job.test.settle()
        for _ in 0..<5 { for id in job.gate.waiting { try job.answer(id) } }
        #expect(job.take().filter { Int($0) != nil }.sorted() == ["0", "1", "2", "3", "4"])
        #expect(job.test.isFinished)
    }

    @Test func aTimeoutIsAnError() throws {
        let job = try Job(timeout: .milliseconds(100))
        try job.play("a@1")
        try job.test.advanceProcessingTime(to: 99)
        #expect(job.gate.cancelled == [])
        let error = #expect(throws: JobError.self) { try job.test.advanceProcessingTime(to: 100) }
        #expect(error?.step == "lookup")
        #expect(error?.message == "no answer within 100 ms, in one attempt")
        #expect(error?.cause as? LookupTimeout == LookupTimeout(timeout: .milliseconds(100), attempts: 1))
    }

    @Test func aTimeoutGivesAResultOfItsOwn() throws {
        let job = try Job(timeout: .milliseconds(100), onTimeout: { $0.id == 1 ? nil : "none for \($0.id)" })
        try job.play("a@1 a@2 w2")
        try job.test.advanceProcessingTime(to: 50)
        try job.play("a@3", firstID: 2)
        try job.test.advanceProcessingTime(to: 100)
        #expect(job.gate.cancelled == [0, 1])
        #expect(job.take() == ["none for 0", "w2"])
        try job.test.advanceProcessingTime(to: 149)
        #expect(job.take() == [])
        try job.answer(2)
        #expect(job.take() == ["2"])
        try job.test.advanceProcessingTime(to: 1_000)
        #expect(job.take() == [])
    }

    @Test(arguments: [ErrorPolicy.drop, .deadLetter]) func failedRecords(_ policy: ErrorPolicy) throws {
        let job = try Job(timeout: .milliseconds(100), onError: policy)
        try job.play("a@1 a@2 a@3 w3")
        try job.answer(1, with: TestFault())
        try job.answer(2)
        try job.test.advanceProcessingTime(to: 100)
        let dead = ["dead: lookup, TestFault()", "dead: lookup, no answer within 100 ms, in one attempt"]
        #expect(job.take() == (policy == .drop ? [] : dead) + ["2", "w3"])
        #expect(job.test.status["lookup"]?.rejected == 2)
    }

    @Test func aFailureNamesTheStep() throws {
        let job = try Job()
        try job.play("a@1")
        let error = #expect(throws: JobError.self) { try job.answer(0, with: TestFault()) }
        #expect(error?.step == "lookup" && error?.cause is TestFault)
    }

    @Test func aFailedLookupIsTriedAgainAfterItsDelay() throws {
        let job = try Job(timeout: .seconds(10), retry: .exponential(attempts: 4, delay: .milliseconds(10)))
        try job.play("a@1 a@2 w2")
        try job.answer(1)
        #expect(job.gate.takeCalls() == [0, 1])
        for time in [10, 30, 70] as [Timestamp] {
            try job.answer(0, with: TestFault())
            try job.test.advanceProcessingTime(to: time - 1)
            #expect(job.gate.takeCalls() == [], "before \(time)")
            try job.test.advanceProcessingTime(to: time)
            #expect(job.gate.takeCalls() == [0], "at \(time)")
        }
        try job.answer(0)
        #expect(job.take() == ["0", "1", "w2"])
    }

    @Test func attemptsEnd() throws {
        let job = try Job(retry: .fixed(attempts: 2, delay: .zero), onError: .drop)
        try job.play("a@1 w1")
        try job.answer(0, with: TestFault())
        try job.answer(0, with: TestFault())
        #expect(job.gate.takeCalls() == [0, 0])
        #expect(job.take() == ["w1"])
        #expect(job.test.status["lookup"]?.rejected == 1)
    }

    /// The time of all attempts counts.
    @Test func aTimeoutEndsTheAttempts() throws {
        let job = try Job(
            timeout: .milliseconds(25), retry: .fixed(attempts: 9, delay: .milliseconds(20)), onError: .deadLetter)
        try job.play("a@1 w1")
        try job.answer(0, with: TestFault())
        try job.test.advanceProcessingTime(to: 20)
        #expect(job.gate.waiting == [0])
        try job.test.advanceProcessingTime(to: 25)
        #expect(job.take() == ["dead: lookup, no answer within 25 ms, in 2 attempts", "w1"])
        #expect(job.gate.cancelled == [0] && job.gate.waiting == [])
    }

    @Test func cancellingTheJobCancelsAllLookups() throws {
        var job: Job? = try Job()
        try job?.play("a@1 a@2 a@3")
        let gate = job?.gate
        #expect(gate?.waiting == [0, 1, 2])
        job?.test.job.cancel()
        try job?.test.settle()
        #expect(gate?.cancelled == [0, 1, 2])
        job = nil
    }

    @Test func whatCannotWorkIsRefused() throws {
        let error = #expect(throws: PipelineError.self) {
            _ = try Pipeline("test") { p in
                let events = p.input(TestInput<Int>("events"))
                let find: @Sendable (Int) async throws -> Int = { $0 }
                _ = events.lookup("capacity", capacity: 0, find)
                _ = events.lookup("timeout", timeout: .zero, find)
                _ = events.lookup("attempts", retry: .fixed(attempts: 0, delay: .zero), find)
                _ = events.lookup("delay", retry: .fixed(attempts: 1, delay: .seconds(-1)), find)
                _ = events.lookup("factor", retry: .exponential(attempts: 1, delay: .zero, factor: 0.5), find)
                _ = events.lookup("fine", capacity: 1, timeout: .milliseconds(1), find)
            }
        }
        #expect(
            error?.problems.map(\.description) == [
                "step 'capacity': 0 look-ups are to run at a time; let there be at least one",
                "step 'timeout': the look-up's timeout is 0 ms; it must be at least 1 ms",
                "step 'attempts': a look-up is to be tried 0 times; try it at least once",
                "step 'delay': the delay before another attempt is negative; it must be zero or more",
                "step 'factor': the delays grow by a factor of 0.5; it must be 1 or more",
            ])
    }
}
