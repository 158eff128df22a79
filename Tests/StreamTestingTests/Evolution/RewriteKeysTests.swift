import StreamTesting
import Testing
import Weir

/// Keys, names and calls of a rewriting that come in each other's way.
@Suite struct RewriteKeysTests {
    struct Note: Sendable, Codable {
        var name: String
        var isFirst: Bool
    }

    /// Two states of which each key has one or the other, and a map; a timer where it is wanted.
    struct Notes: KeyedProcessor {
        typealias Key = String
        typealias Input = Note
        typealias Output = String
        enum TimerID: Hashable, Codable, Sendable { case tell }

        let first: ValueState<String, Int>
        let second: ValueState<String, Int>
        let map: MapState<String, String, Int>
        let hasTimers: Bool

        init(_ state: KeyedStateStore<String>, hasTimers: Bool) throws {
            first = try state.value("first")
            second = try state.value("second")
            map = try state.map("map")
            self.hasTimers = hasTimers
        }

        mutating func process(_ note: Note, _ context: borrowing ProcessContext<Self>) throws {
            if note.isFirst { first.value = 1 } else { second.value = 2 }
            map[context.key] = 3
            if hasTimers { context.setTimer(.tell, at: 1_000) }
        }
        mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {}
    }

    private static func repository(
        _ notes: [Note], hasTimers: Bool = false, _ backend: any StateBackend = MemoryBackend()
    ) throws -> SnapshotRepository {
        let storage = MemorySnapshotStorage()
        let input = TestInput<Note>("notes")
        let pipeline = try Pipeline("notes") { p in
            p.input(input).keyBy(\.name).process("step") { try Notes($0, hasTimers: hasTimers) }
                .logged("out", in: OutputLog<String>())
        }
        let job = try ManualJob(pipeline, storage, backend: backend)
        for note in notes { input.send(note, at: 0) }
        try job.snapshot()
        return SnapshotRepository(storage, pipeline: "notes")
    }

    private static func target() -> SnapshotRepository {
        SnapshotRepository(MemorySnapshotStorage(), pipeline: "notes")
    }

    private static let many = (0..<300).map { Note(name: "N\($0)", isFirst: $0 % 2 == 0) }

    /// The keys' states are disjoint, and the rows of maps differ by the entries' keys.
    @Test(arguments: [256 << 20, 1 << 10], [["first", "map"], ["first", "second"], ["map"]])
    func keysThatRekeyMerges(_ heldBytes: Int, _ kept: [String]) throws {
        let notes = Self.many + [Note(name: "n7", isFirst: true)]
        var rewrite = try SnapshotRewrite(try Self.repository(notes))
        rewrite.heldBytes = heldBytes
        for state in ["first", "second", "map"] where !kept.contains(state) { try rewrite.drop("step/\(state)") }
        try rewrite.rekey("step", from: String.self, to: String.self) { $0.lowercased() }
        let other = Self.target()
        let error = #expect(throws: SnapshotError.self) { try rewrite.write(to: other) }
        #expect(error?.code == .keyCollision && error?.message.contains("'step' become the key n7") == true)
        #expect(try other.ids().isEmpty)

        var fitting = try SnapshotRewrite(try Self.repository(Self.many))
        fitting.heldBytes = heldBytes
        try fitting.rekey("step", from: String.self, to: String.self) { $0.lowercased() }
        try fitting.write(to: other)
        #expect(try Self.keys(other, "step/first") == Set(stride(from: 0, to: 300, by: 2).map { "n\($0)" }))
    }

    private static func keys(_ repository: SnapshotRepository, _ name: String) throws -> Set<String> {
        let snapshot = try #require(try repository.openLatest())
        let parts = name.split(separator: "/").map(String.init)
        var keys: Set<String> = []
        try SnapshotInspector(StoredContents(snapshot, scratch: "")).forEachEntry(
            step: parts[0], state: parts[1], groups: 0..<128
        ) { (key: String, _: Int) in keys.insert(key) }
        return keys
    }

    @Test func closuresThatChangeKeysOfOneType() throws {
        typealias Form = StateForm<String, Int>
        for hasTimers in [true, false] {
            let repository = try Self.repository(Self.many, hasTimers: hasTimers)
            let other = Self.target()
            var changing = try SnapshotRewrite(repository)
            var keeping = changing
            try changing.transform("step/first", from: Form.value(), into: Form.value()) { [("x" + $0, $1)] }
            if hasTimers {
                let error = #expect(throws: SnapshotError.self) { try changing.write(to: other) }
                #expect(error?.code == .incompatible && error?.message.contains("step/weir.timers") == true)
                #expect(try other.ids().isEmpty)
            } else {
                try changing.write(to: other)
            }
            // One key's value may become several keys' as long as it stays with its own.
            try keeping.transform("step/first", from: Form.value(), into: Form.value()) { [($0, $1), ("x" + $0, $1)] }
            try keeping.write(to: other)
            #expect(try Self.keys(other, "step/first").count == 300)
        }
    }

    @Test func theOrderOfCallsDoesNotMatter() throws {
        typealias Form = StateForm<String, Int>
        let repository = try Self.repository(Self.many)
        let calls: [(inout SnapshotRewrite) throws -> Void] = [
            { try $0.rekey("step", from: String.self, to: String.self) { "r" + $0 } },
            { try $0.transform("step/first", from: Form.value(), into: Form.value()) { [("t" + $0, $1)] } },
            { try $0.rename("step/second", to: "step/other") },
            { try $0.drop("step/map") },
        ]
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            var rewrite = try SnapshotRewrite(repository)
            for index in order { try calls[index](&rewrite) }
            let other = Self.target()
            let written = try rewrite.write(to: other)
            #expect(written.part("map", of: "step") == nil && written.part("second", of: "step") == nil)
            #expect(try Self.keys(other, "step/first").allSatisfy { $0.hasPrefix("tN") })
            #expect(try Self.keys(other, "step/other").allSatisfy { $0.hasPrefix("rN") })
        }
        for (first, second) in [(2, "second"), (1, "first")] {
            var before = try SnapshotRewrite(repository)
            var after = before
            try calls[first](&before)
            #expect(throws: SnapshotError.self) { try before.drop("step/\(second)") }
            try after.drop("step/\(second)")
            #expect(throws: SnapshotError.self) { try calls[first](&after) }
        }
    }

    /// A name that one step loses and another gets.
    @Test func stepsThatSwapNames() throws {
        typealias Form = StateForm<String, Int>
        var rewrite = try SnapshotRewrite(try Self.repository(Self.many))
        try rewrite.rename(step: "step", to: "notes")
        try rewrite.rename(step: "notes", to: "step")
        try rewrite.transform("step/first", from: Form.value(), into: Form.value()) { [($0, $1)] }
        try rewrite.transform("step/second", to: "notes/third", from: Form.value(), into: Form.value()) { [($0, $1)] }
        let written = try rewrite.write(to: Self.target())
        #expect(written.part("first", of: "notes") != nil && written.part("third", of: "notes") != nil)
        #expect(written.part("map", of: "notes") != nil && written.part("map", of: "step") == nil)
    }
}
