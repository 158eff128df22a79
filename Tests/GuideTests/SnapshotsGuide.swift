import StreamTesting
import Testing
import Weir

// The code of Docs/guides/snapshots.md.

@Suite struct SnapshotsGuide {
    // snippet: pipeline
    struct Spent: KeyedProcessor {
        typealias Key = String
        typealias Input = Action
        typealias Output = Int64

        let total: ValueState<String, Int64>

        mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
            total.update(default: 0) { $0 += action.price }
            try context.emit(total.value ?? 0)
        }
    }

    func describe(_ actions: TestInput<Action>, _ sink: CollectSink<Int64>) throws -> Pipeline {
        try Pipeline("purchases") { p in
            p.input(actions).keyBy(\.user)
                .process("spent") { Spent(total: try $0.value("total")) }
                .write("out", to: sink)
        }
    }
    // end snippet

    @Test func snapshots() async throws {
        try await withDirectory { directory in
            let actions = TestInput<Action>("actions")
            let sink = CollectSink<Int64>()
            let pipeline = try describe(actions, sink)
            for user in ["ann", "bob", "ann"] { actions.send(Action(user: user, price: 20, eventTime: 0), at: 0) }
            // snippet: options
            var options = JobOptions(parallelism: 2)
            options.snapshots = SnapshotOptions(directory: directory, interval: .seconds(10))
            options.start = .latest  // the newest snapshot; from the beginning where there is none
            // end snippet
            options.logger = JobOptions.silentLogger
            // snippet: take
            let job = try pipeline.start(options)
            // end snippet
            while sink.elements.count < 3 { await Task.yield() }
            // snippet: report
            let report = try await job.takeSnapshot()  // besides those at intervals
            print(report.id, report.writtenBytes, report.steps.map(\.captureTime))
            let status = job.snapshotStatus
            print(status.consecutiveFailures, status.lastFailure as Any)
            // end snippet
            #expect(report.id >= 1 && status.completed >= 1)
            // snippet: live
            let totals = job.state("total", of: "spent", keys: String.self, values: Int64.self)
            let now = try await totals.get("ann")  // asks the worker, between two batches
            let safe = try await totals.get("ann", from: .lastSnapshot)
            for try await (customer, total) in totals.entries() where total > 10 { print(customer, total) }
            // end snippet
            #expect(now == 40 && safe == 40)
            // snippet: savepoint
            let savepoint = try await job.takeSavepoint()
            // end snippet
            #expect(savepoint.kind == .savepoint)
            job.cancel()
            await #expect(throws: CancellationError.self) { try await job.wait() }

            // snippet: check
            let repository = SnapshotRepository(LocalSnapshotStorage(directory: directory), pipeline: "purchases")
            if let manifest = try repository.latest() {
                let check = try pipeline.check(against: manifest)
                print(check.isLoadable, check.lines.joined(separator: "\n"))
            }
            // end snippet
            // A new process: the same pipeline, begun again.
            options.parallelism = 3
            let again = try describe(actions, sink).start(options)
            let restored = again.state("total", of: "spent", keys: String.self, values: Int64.self)
            #expect(try await restored.get("bob") == 20)
            actions.send(Action(user: "bob", price: 5, eventTime: 0), at: 0)
            actions.end()
            try await again.wait()
            #expect(sink.elements.contains(25))
        }
    }

    struct VisitV1: Codable, Sendable { var name: String }
    struct Visit: Codable, Sendable { var title: String }

    @Test func migration() throws {
        let state = KeyedStateStore<String>()
        // snippet: migration
        let codec = StateCodec<Visit>.automatic.migrating(from: VisitV1.self) { Visit(title: $0.name) }
        let last = try state.value("last", of: Visit.self, codec: codec)
        // end snippet
        state.select("ann", hash: "ann".stableHash)
        #expect(last.value == nil)
        var encoder = StateEncoder()
        let old = StateCodec<VisitV1>.automatic
        try old.encode(VisitV1(name: "home"), into: &encoder)
        var decoder = StateDecoder(encoder.bytes)
        #expect(try codec.reading(old.schema).decode(&decoder).title == "home")
    }
}
