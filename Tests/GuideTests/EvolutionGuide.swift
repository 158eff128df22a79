import StreamTesting
import Testing
import Weir

// The code of Docs/guides/evolution.md.

// snippet: type
struct PageV1: Codable { var name: String }
struct Page: Codable { var title: String }

extension Page: StateMigrating {
    static func migrations(_ codec: StateCodec<Page>) -> StateCodec<Page> {
        codec.migrating(from: PageV1.self) { Page(title: $0.name) }
    }
}
// end snippet

@Suite struct EvolutionGuide {
    /// A step that adds prices up, as it was.
    struct Spent: KeyedProcessor {
        typealias Key = String
        typealias Input = Action
        typealias Output = Int64

        let total: ValueState<String, Int64>

        mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
            total.update(default: 0) { $0 += action.price }
        }
    }

    /// As it is.
    struct Account: KeyedProcessor {
        typealias Key = Int
        typealias Input = Action
        typealias Output = Int64

        let totals: ListState<Int, Int64>

        mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
            totals.append((totals.elements.last ?? 0) + action.price)
            try context.emit(totals.elements.last ?? 0)
        }
    }

    @Test func aTypeWithMigrations() throws {
        var encoder = StateEncoder()
        let old = StateCodec<[PageV1]>.automatic
        try old.encode([PageV1(name: "home")], into: &encoder)
        var decoder = StateDecoder(encoder.bytes)
        let pages = try StateCodec<[Page]>.automatic.reading(old.schema).decode(&decoder)
        #expect(pages.map(\.title) == ["home"])
    }

    @Test func rewriting() async throws {
        let storage = MemorySnapshotStorage()
        let newStorage = MemorySnapshotStorage()
        let actions = TestInput<Action>("actions")
        var options = JobOptions(parallelism: 2)
        options.snapshots = SnapshotOptions(storage: storage, interval: nil)
        options.logger = JobOptions.silentLogger
        for user in ["7", "8", "7"] { actions.send(Action(user: user, price: 20, eventTime: 0), at: 0) }
        let before = try Pipeline("purchases") { p in
            p.input(actions).keyBy(\.user).process("spent") { Spent(total: try $0.value("total")) }
                .write("out", to: CollectSink<Int64>())
        }
        let first = try before.start(options)
        let totals = first.state("total", of: "spent", keys: String.self, values: Int64.self)
        while try await totals.get("7") != 40 { await Task.yield() }
        while try await totals.get("8") != 20 { await Task.yield() }
        _ = try await first.takeSavepoint()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.wait() }

        // snippet: rewrite
        let repository = SnapshotRepository(storage, pipeline: "purchases")
        var rewrite = try SnapshotRewrite(repository)  // the latest one
        try rewrite.transform(
            "spent/total", to: "spent/totals",
            from: StateForm<String, Int64>.value(), into: StateForm<Int, [Int64]>.list()
        ) { user, total in [(Int(user) ?? 0, [total])] }
        try rewrite.rekey("spent", from: String.self, to: Int.self) { Int($0) ?? 0 }
        try rewrite.rename(step: "spent", to: "account")
        try rewrite.write(to: SnapshotRepository(newStorage, pipeline: "purchases"))
        // end snippet

        let sink = CollectSink<Int64>()
        let pipeline = try Pipeline("purchases") { p in
            p.input(actions).keyBy { Int($0.user) ?? 0 }
                .process("account") { Account(totals: try $0.list("totals")) }
                .write("out", to: sink)
        }
        actions.send(Action(user: "7", price: 5, eventTime: 0), at: 0)
        actions.end()
        // snippet: start
        options.start = .stored(newStorage, nil)
        let job = try pipeline.start(options)
        // end snippet
        try await job.wait()
        #expect(sink.elements == [45])
    }
}
