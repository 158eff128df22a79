import StreamTesting
import Testing
import Weir

/// Records that meet a table which every worker holds.
@Suite struct BroadcastJoinTests {
    /// Rules are events of keys such as `ra`, those with value -1 remove their entry.
    private struct Job {
        let records = TestInput<Event>("records", splits: 3)
        let rules = TestInput<Event>("rules", splits: 2)
        let log = OutputLog<String>()
        let test: TestPipeline

        init(parallelism: Int, keyed: Bool = false) throws {
            let (records, rules, log) = (records, rules, log)
            test = try TestPipeline(parallelism: parallelism, batchSize: 2) { p in
                // It has no watermarks.
                let changes = p.input(rules)
                let stream = p.input(records)
                let joined =
                    keyed
                    ? stream.keyBy { $0.id }.join(
                        "join", broadcast: changes, by: { $0.key }, on: { $0.key }, isRemoval: { $0.value < 0 },
                        Self.text)
                    : stream.rebalance().join(
                        "join", broadcast: changes, by: { $0.key }, on: { $0.key }, isRemoval: { $0.value < 0 },
                        Self.text)
                joined.logged("log", in: log)
            }
        }

        @Sendable static func text(_ event: Event, _ rule: Event?) -> String {
            "\(event.id):\(rule.map { "\($0.value)" } ?? "_")"
        }

        func rule(_ key: String, _ value: Int, split: Int = 0) throws {
            rules.send(Event(id: 0, key: key, time: 0, value: value), at: 0, split: split)
            try test.settle()
        }

        /// What each of many records of a key meets, on whichever worker.
        func seen(_ key: String) throws -> Set<String> {
            for id in 0..<12 { records.send(Event(id: id, key: key, time: 5), at: 5, split: id % 3) }
            try test.settle()
            let taken = log.take()
            #expect(taken.count == 12)
            return Set(taken.map { String($0.drop { $0 != ":" }) })
        }
    }

    @Test(arguments: [1, 2, 4], [false, true]) func everyWorkerSeesTheTable(parallelism: Int, keyed: Bool) throws {
        let job = try Job(parallelism: parallelism, keyed: keyed)
        #expect(try job.seen("a") == [":_"])
        try job.rule("a", 1)
        try job.rule("b", 2, split: 1)
        #expect(try job.seen("a") == [":1"])
        #expect(try job.seen("b") == [":2"])
        try job.rule("a", 3, split: 1)
        #expect(try job.seen("a") == [":3"])
        // Saved once, loaded by all, at any parallelism.
        for next in [3, 1, 4] {
            try job.test.restart(parallelism: next)
            #expect(try job.test.snapshot().steps["join"]?.parts["rules"]?.rows.count == 2)
            #expect(try job.seen("a") == [":3"], "\(next) workers")
            #expect(try job.seen("b") == [":2"], "\(next) workers")
            #expect(try job.seen("c") == [":_"], "\(next) workers")
        }
        try job.rule("a", -1)
        #expect(try job.seen("a") == [":_"])
        #expect(try job.test.state(of: "join", "rules", keys: String.self, values: Event.self).keys.sorted() == ["b"])
        job.rules.end()
        try job.test.settle()
        #expect(try job.seen("b") == [":2"])
        job.records.end()
        try job.test.settle()
        #expect(job.test.isFinished)
    }

    /// However the changes of several splits come, all workers come to the same table.
    @Test(arguments: 0..<500 as Range<UInt64>) func allWorkersAgree(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let job = try Job(parallelism: Int(random.next(below: 3)) + 2)
        for step in 0..<30 {
            job.rules.send(
                Event(id: 0, key: "k\(random.next(below: 3))", time: 0, value: Int(random.next(below: 50)) - 9), at: 0,
                split: Int(random.next(below: 2)))
            if random.next(below: 10) == 0 { try job.test.settle() }
            if step == 15 && seed % 2 == 0 { try job.test.restart() }
        }
        try job.test.settle()
        for key in 0..<3 { #expect(try job.seen("k\(key)").count == 1, "seed \(seed)") }
    }

    /// The watermark and the end are the main stream's; the table's stream holds back only the end.
    @Test func theTableHoldsNoWatermarkBack() throws {
        let job = try Job(parallelism: 2)
        for split in 0..<3 { job.records.watermark(7, split: split) }
        try job.test.settle()
        #expect(job.log.events.contains(.signal(.watermark(7))))
        job.records.end()
        try job.test.settle()
        #expect(job.log.events.contains(.signal(.watermark(.max))))
        #expect(!job.log.events.contains(.signal(.end)))
        job.rules.end()
        try job.test.settle()
        #expect(job.log.events.count { $0 == .signal(.end) } == 2)
        #expect(job.test.isFinished)
    }
}
