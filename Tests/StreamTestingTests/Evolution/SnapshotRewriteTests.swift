import Foundation
import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// Snapshots that are written anew with other keys, kinds and names, with which a changed program goes on.
@Suite struct SnapshotRewriteTests {
    private static let users = 700

    private static func purchases(_ range: Range<Int>) -> [Purchase] {
        range.map { Purchase(user: $0 * 7_919 % users, kind: $0 % 3, price: $0 % 50) }
    }

    /// What the new program tells of every user in the end, worked out by hand.
    private static func expected(_ count: Int) -> [String] {
        Dictionary(grouping: purchases(0..<count), by: \.user).map { user, purchases in
            let total = purchases.reduce(0) { $0 + $1.price }
            let kinds = Dictionary(grouping: purchases, by: \.kind).sorted { $0.key < $1.key }
                .map { "\($0.key)=\($0.value.reduce(0) { $0 + $1.price })" }
            let last = purchases[purchases.count - 1]
            return "\(user): \(total) \(total) \(kinds) \(last.kind) \(last.price)"
        }.sorted()
    }

    private static func send(_ range: Range<Int>, to input: TestInput<Purchase>) {
        for purchase in purchases(range) { input.send(purchase, at: 10) }
        input.watermark(10)
    }

    private static func oldPipeline(_ input: TestInput<Purchase>) throws -> Pipeline {
        try Pipeline("accounts") { p in
            p.input(input).keyBy { "user \($0.user)" }.process("spent") { try OldAccount($0) }
                .logged("out", in: OutputLog<String>())
        }
    }

    private static func newPipeline(_ input: TestInput<Purchase>, _ log: OutputLog<String>) throws -> Pipeline {
        try Pipeline("accounts") { p in
            p.input(input).keyBy { $0.user }.process("account") { try NewAccount($0) }.logged("out", in: log)
        }
    }

    /// Runs the old program and takes two snapshots, the second of changes only.
    private static func begin(_ storage: any SnapshotStorage, _ backend: any StateBackend, count: Int) throws {
        let input = TestInput<Purchase>("purchases")
        let job = try ManualJob(try oldPipeline(input), storage, backend: backend)
        send(0..<(count * 3 / 4), to: input)
        try job.snapshot()
        send((count * 3 / 4)..<count, to: input)
        try job.snapshot()
    }

    private static func number(_ key: String) -> Int { Int(key.dropFirst(5)) ?? -1 }

    /// Everything that the new program needs.
    private static func rewrite(_ rewrite: inout SnapshotRewrite) throws {
        typealias Old<Value> = StateForm<String, Value>
        typealias New<Value> = StateForm<Int, Value>
        try rewrite.rename(step: "spent", to: "account")
        try rewrite.transform("spent/total", to: "account/totals", from: Old<Int>.value(), into: New<[Int]>.list()) {
            [(number($0), [$1])]
        }
        try rewrite.transform("spent/prices", from: Old<[Int]>.list(), into: New<Int>.value()) {
            [(number($0), $1.reduce(0, +))]
        }
        try rewrite.transform(
            "spent/kinds", from: Old<[Int: Int]>.map(), into: New<[Int: String]>.orderedMap()
        ) { [(number($0), $1.mapValues { "\($0)" })] }
        try rewrite.transform("spent/last", to: "spent/last kind", from: Old<Purchase>.value(), into: New<Int>.value())
        {
            [(number($0), $1.kind)]
        }
        try rewrite.transform(
            "spent/last", to: "account/last price", from: Old<Purchase>.value(), into: New<[String: Int]>.map()
        ) { [(number($0), ["price": $1.price])] }
        try rewrite.rekey("spent", from: String.self, to: Int.self) { number($0) }
    }

    @Test(arguments: [true, false], [1, 2, 3])
    func aChangedProgramGoesOn(_ isStored: Bool, _ parallelism: Int) throws {
        let backend: any StateBackend = isStored ? RocksDBBackend() : MemoryBackend()
        let (storage, other) = (MemorySnapshotStorage(), MemorySnapshotStorage())
        try Self.begin(storage, backend, count: 3_000)
        let (input, log) = (TestInput<Purchase>("purchases"), OutputLog<String>())
        let pipeline = try Self.newPipeline(input, log)
        #expect(throws: SnapshotError.self) { _ = try ManualJob(pipeline, storage, backend: backend) }

        let scratch = NSTemporaryDirectory() + "weir-rewrite-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var rewrite = try SnapshotRewrite(
            SnapshotRepository(storage, pipeline: "accounts"), backends: [RocksDBBackend()], scratch: scratch)
        // In several passes over each state, or in one.
        if parallelism == 2 { rewrite.heldBytes = 8 << 10 }
        try Self.rewrite(&rewrite)
        let target = SnapshotRepository(other, pipeline: "accounts")
        let written = try rewrite.write(to: target)
        #expect(written.kind == .savepoint && written.stores.isEmpty && written.files.count > 4)
        #expect(written.positions == rewrite.manifest.positions)
        #expect(try target.open(written.id).verify().isEmpty)
        let check = try pipeline.check(against: written)
        #expect(check.isLoadable && check.dropped.allSatisfy { $0.rowCount == 0 || $0.isLoadable }, "\(check.lines)")

        let job = try ManualJob(pipeline, other, backend: backend, parallelism: parallelism)
        Self.send(0..<(3_000 * 3 / 4), to: input)
        Self.send((3_000 * 3 / 4)..<3_000, to: input)
        Self.send(3_000..<4_000, to: input)
        input.end()
        try job.settle()
        #expect(log.take().sorted() == Self.expected(4_000))
    }

    /// The rows of windows have their bounds before the key.
    @Test(arguments: [true, false]) func windowsGetOtherKeys(_ isStored: Bool) throws {
        let backend: any StateBackend = isStored ? RocksDBBackend() : MemoryBackend()
        let (storage, other) = (MemorySnapshotStorage(), MemorySnapshotStorage())
        let log = OutputLog<String>()
        func pipeline<Key: StreamKey>(
            _ input: TestInput<Purchase>, _ key: @escaping @Sendable (Purchase) -> Key
        ) throws -> Pipeline {
            try Pipeline("accounts") { p in
                p.input(input).keyBy(key).window(.tumbling(.milliseconds(100))).aggregate("sums", .sum(\.price))
                    .map { "\($0.key) \($0.window.start) \($0.value)" }.logged("out", in: log)
            }
        }
        func send(_ range: Range<Int>, _ input: TestInput<Purchase>) {
            for (index, purchase) in Self.purchases(range).enumerated() {
                input.send(purchase, at: Int64((range.lowerBound + index) % 300))
            }
        }
        do {
            let input = TestInput<Purchase>("purchases")
            let job = try ManualJob(try pipeline(input) { "user \($0.user)" }, storage, backend: backend)
            send(0..<1_200, input)
            try job.snapshot()
        }
        let scratch = NSTemporaryDirectory() + "weir-rewrite-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var rewrite = try SnapshotRewrite(
            SnapshotRepository(storage, pipeline: "accounts"), backends: [RocksDBBackend()], scratch: scratch)
        #expect(throws: StateError.self) { try rewrite.rekey("sums", from: Int.self, to: Int.self) { $0 } }
        try rewrite.rekey("sums", from: String.self, to: Int.self) { Self.number($0) }
        try rewrite.write(to: SnapshotRepository(other, pipeline: "accounts"))

        let input = TestInput<Purchase>("purchases")
        send(0..<2_000, input)
        input.end()
        _ = try ManualJob(try pipeline(input) { $0.user }, other, backend: backend, parallelism: 3)
        let groups = Dictionary(grouping: Self.purchases(0..<2_000).enumerated()) {
            "\($0.element.user) \($0.offset % 300 / 100 * 100)"
        }
        #expect(log.take().sorted() == groups.map { "\($0) \($1.reduce(0) { $0 + $1.element.price })" }.sorted())
    }

    @Test func whatIsNotNamedStaysAsItIs() throws {
        let storage = MemorySnapshotStorage()
        try Self.begin(storage, MemoryBackend(), count: 500)
        let repository = SnapshotRepository(storage, pipeline: "accounts")
        let other = SnapshotRepository(MemorySnapshotStorage(), pipeline: "copy")
        var rewrite = try SnapshotRewrite(repository, 1)
        try rewrite.rename("spent/total", to: "spent/sum")
        try rewrite.drop("spent/kinds")
        let written = try rewrite.write(to: other, number: 9)
        #expect(written.id == 9 && written.pipeline == "copy" && written.begun == rewrite.manifest.begun)
        #expect(written.steps.map(\.watermark) == rewrite.manifest.steps.map(\.watermark))

        func rows(_ repository: SnapshotRepository, _ id: Int) throws -> [String: [[UInt8]]] {
            var rows: [String: [[UInt8]]] = [:]
            let contents = StoredContents(try repository.open(id), scratch: "")
            try SnapshotInspector(contents).forEachRow { row in
                rows["\(row.step)/\(row.state)", default: []].append(row.keyBytes + [0] + row.valueBytes)
                return true
            }
            return rows.mapValues { $0.sorted { $0.lexicographicallyPrecedes($1) } }
        }
        var before = try rows(repository, 1)
        before["spent/sum"] = before.removeValue(forKey: "spent/total")
        before["spent/kinds"] = nil
        #expect(try rows(other, 9) == before)
        #expect(before["spent/sum"]?.count ?? 0 > 100)
    }

    @Test func keysThatBecomeOne() throws {
        let storage = MemorySnapshotStorage()
        try Self.begin(storage, MemoryBackend(), count: 500)
        let repository = SnapshotRepository(storage, pipeline: "accounts")
        let other = SnapshotRepository(MemorySnapshotStorage(), pipeline: "accounts")
        typealias Totals = StateForm<String, Int>
        var rewrite = try SnapshotRewrite(repository)
        try rewrite.drop("spent/weir.timers")
        let parity: (String, Int) -> [(Bool, Int)] = { [(Self.number($0) % 2 == 0, $1)] }
        var merging = rewrite
        try rewrite.transform("spent/total", from: Totals.value(), into: StateForm<Bool, Int>.value(), parity)
        let error = #expect(throws: SnapshotError.self) { try rewrite.write(to: other) }
        #expect(error?.code == .keyCollision && error?.message.contains("spent/total") == true)
        #expect(try other.ids().isEmpty && other.storage.list("").isEmpty)

        try merging.transform(
            "spent/total", from: Totals.value(), into: StateForm<Bool, Int>.value(), merging: +, parity)
        let written = try merging.write(to: other)
        var found: [Bool: Int] = [:]
        let contents = StoredContents(try other.open(written.id), scratch: "")
        try SnapshotInspector(contents).forEachEntry(step: "spent", state: "total", groups: 0..<128) {
            (key: Bool, value: Int) in found[key] = value
        }
        let sums = Dictionary(grouping: Self.purchases(0..<500)) { $0.user % 2 == 0 }
            .mapValues { $0.reduce(0) { $0 + $1.price } }
        #expect(found == sums)
    }

    @Test func whatCanNotBeDone() throws {
        let storage = MemorySnapshotStorage()
        try Self.begin(storage, MemoryBackend(), count: 100)
        let repository = SnapshotRepository(storage, pipeline: "accounts")
        let other = SnapshotRepository(MemorySnapshotStorage(), pipeline: "accounts")
        var rewrite = try SnapshotRewrite(repository)
        #expect(throws: StateError.self) { try rewrite.rename("spent/sum", to: "spent/total") }
        #expect(throws: StateError.self) { try rewrite.drop("total") }
        #expect(throws: StateError.self) {
            try rewrite.transform(
                "spent/total", from: StateForm<String, [Int]>.list(), into: StateForm<String, Int>.value()
            ) {
                [($0, $1.count)]
            }
        }
        #expect(throws: StateError.self) {
            try rewrite.transform("spent/total", from: StateForm<Int, Int>.value(), into: StateForm<Int, Int>.value()) {
                [($0, $1)]
            }
        }
        // Timers keep their keys.
        var keys = rewrite
        try keys.transform("spent/total", from: StateForm<String, Int>.value(), into: StateForm<Int, Int>.value()) {
            [(Self.number($0), $1)]
        }
        let timers = #expect(throws: SnapshotError.self) { try keys.write(to: other) }
        #expect(timers?.code == .incompatible && timers?.message.contains("spent/weir.timers") == true)
        // Two states of one name.
        try rewrite.rename("spent/total", to: "spent/prices")
        let names = #expect(throws: SnapshotError.self) { try rewrite.write(to: other) }
        #expect(names?.code == .conflict)
        // A fault of the storage leaves nothing behind that looks like a snapshot.
        #expect(try other.ids().isEmpty)
    }

    /// Whatever the storage refuses: the savepoint is there as a whole, or not at all.
    @Test(arguments: FaultySnapshotStorage.Operation.allCases, FaultySnapshotStorage.Extent.allCases)
    func aFaultLeavesNoHalfSavepoint(
        _ operation: FaultySnapshotStorage.Operation, _ extent: FaultySnapshotStorage.Extent
    ) throws {
        let storage = MemorySnapshotStorage()
        try Self.begin(storage, MemoryBackend(), count: 60)
        var rewrite = try SnapshotRewrite(SnapshotRepository(storage, pipeline: "accounts"))
        try Self.rewrite(&rewrite)
        for number in [1, 2, 5] {
            let inner = MemorySnapshotStorage()
            let faulty = FaultySnapshotStorage(inner)
            let fault = SnapshotError(code: .storageFull, message: "no room")
            faulty.fail(operation, number: number, error: fault, extent)
            let hasFailed: Bool
            do {
                try rewrite.write(to: SnapshotRepository(faulty, pipeline: "accounts"))
                hasFailed = false
            } catch { hasFailed = true }
            let target = SnapshotRepository(inner, pipeline: "accounts")
            let ids = try target.ids()
            #expect(hasFailed || ids.count == 1)
            #expect(!hasFailed || faulty.failures > 0)
            // The first call of what a writing needs is one that it makes.
            if number == 1 && [.write, .commit].contains(operation) { #expect(faulty.failures > 0) }
            if extent == .once && ids.isEmpty { #expect(try inner.list("").isEmpty) }
            for id in ids { #expect(try target.open(id).verify().isEmpty) }
        }
    }

    @Test func timesToLiveStay() throws {
        let (storage, other) = (MemorySnapshotStorage(), MemorySnapshotStorage())
        let input = TestInput<Purchase>("purchases")
        let log = OutputLog<String>()
        func pipeline(_ input: TestInput<Purchase>, isList: Bool) throws -> Pipeline {
            try Pipeline("accounts") { p in
                p.input(input).keyBy(\.user).process("fading") { try FadingAccount($0, isList: isList) }
                    .logged("out", in: log)
            }
        }
        do {
            let job = try ManualJob(try pipeline(input, isList: false), storage)
            input.send(Purchase(user: 1, kind: 0, price: 5), at: 0)
            try job.advance(to: 6)
            input.send(Purchase(user: 2, kind: 0, price: 6), at: 0)
            try job.snapshot()
            _ = log.take()
        }
        var rewrite = try SnapshotRewrite(SnapshotRepository(storage, pipeline: "accounts"))
        try rewrite.transform("fading/prices", from: StateForm<Int, Int>.value(), into: StateForm<Int, [Int]>.list()) {
            [($0, [$1])]
        }
        try rewrite.write(to: SnapshotRepository(other, pipeline: "accounts"))
        let again = TestInput<Purchase>("purchases")
        for user in [1, 2, 1, 2] { again.send(Purchase(user: user, kind: 0, price: 1), at: 0) }
        _ = try ManualJob(try pipeline(again, isList: true), other, time: 12)
        // The first one's ended at 10, the second one's ends at 16.
        #expect(log.take().sorted() == ["1: []", "2: [6]"])
    }
}

/// Tells what it knew, and notes a price that is forgotten after 10 ms.
struct FadingAccount: KeyedProcessor {
    typealias Key = Int
    typealias Input = Purchase
    typealias Output = String

    let value: ValueState<Int, Int>?
    let list: ListState<Int, Int>?

    init(_ state: KeyedStateStore<Int>, isList: Bool) throws {
        let life = TimeToLive(.milliseconds(10))
        value = isList ? nil : try state.value("prices", timeToLive: life)
        list = isList ? try state.list("prices", timeToLive: life) : nil
    }

    mutating func process(_ purchase: Purchase, _ context: borrowing ProcessContext<Self>) throws {
        try context.emit("\(context.key): \(list?.elements ?? [])")
        value?.value = purchase.price
        list?.append(purchase.price)
    }
}
