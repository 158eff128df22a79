internal import RocksDBBackend
internal import StateBackend
internal import Weir

/// A job without an end over RocksDB, with more state than its tables have memory for, that takes snapshot after snapshot.
///
/// What its state holds is a function of the sources' positions: see ``KeyedNumbers``.
enum StoreJob {
    /// Runs until it is killed, from the newest snapshot on.
    ///
    /// - Parameters:
    ///   - snapshots: the directory of the snapshots.
    ///   - stores: the directory of the workers' stores.
    ///   - tell: called before every change of the snapshots' directory.
    static func run(snapshots: String, stores: String, _ tell: @escaping @Sendable () -> Void) async throws {
        let pipeline = try Pipeline("crash") { p in
            p.source("numbers", KeyedNumbers())
                .keyBy(\.key)
                .process("hold") { try HeldSums($0) }
                .write("nowhere", to: Nowhere())
        }
        var backend = RocksDBBackend.Options()
        backend.fileRows = 512
        var options = JobOptions(parallelism: 2, batchSize: 64)
        options.backend = RocksDBBackend(directory: stores, options: backend)
        options.memoryBudget = 256 << 10
        options.snapshots = SnapshotOptions(
            storage: ToldStorage(base: LocalSnapshotStorage(directory: snapshots), tell: tell),
            interval: .milliseconds(20))
        options.snapshots?.retained = 3
        options.start = .latest
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        try await pipeline.run(options)
    }
}

/// A number of a key.
struct KeyedNumber: Sendable {
    let key: Int64
    let number: Int64
}

/// Two splits of numbers without an end, each with keys of its own.
struct KeyedNumbers: Source {
    func splits(parallelism: Int) -> [Int64] { [0, 1] }

    func makeReader(for split: Int64) -> Reader { Reader(split: split, next: 0) }

    func makeReader(for split: Int64, from position: SplitPosition) throws -> Reader {
        Reader(split: split, next: try position.offset)
    }

    struct Reader: SplitReader {
        let split: Int64
        var next: Int64

        var restartPosition: SplitPosition? { SplitPosition(next) }

        mutating func read(into output: SourceOutput<KeyedNumber>) -> ReadStatus {
            while !output.isFull {
                output.emit(KeyedNumber(key: next &* 7_919 % 3_000 * 2 + split, number: next))
                next += 1
            }
            return .more
        }
    }
}

/// The sum of each key's numbers since the last one that removed it, which every number does that 7 divides; and the last.
struct HeldSums: KeyedProcessor {
    typealias Key = Int64
    typealias Input = KeyedNumber
    typealias Output = Int64
    typealias TimerID = Never

    let sum: ValueState<Int64, Int64>
    let last: ValueState<Int64, Int64>

    init(_ state: KeyedStateStore<Int64>) throws {
        sum = try state.value("sum")
        last = try state.value("last")
    }

    mutating func process(_ element: KeyedNumber, _ context: borrowing ProcessContext<Self>) throws {
        sum.value = element.number % 7 == 0 ? nil : (sum.value ?? 0) + element.number
        last.value = element.number
    }
}

/// Takes nothing, as nothing comes.
private struct Nowhere: Sink {
    struct Writer: SinkWriter {
        mutating func write(_ batch: Batch<Int64>) {}
        mutating func flush() {}
        mutating func close() {}
    }

    func makeWriter(_ context: SinkContext) -> Writer { Writer() }
}

/// A storage that tells of each change before it makes it.
private struct ToldStorage: SnapshotStorage {
    let base: LocalSnapshotStorage
    let tell: @Sendable () -> Void

    var description: String { base.description }

    func put(_ name: String) throws -> any SnapshotObjectWriter {
        tell()
        return ToldWriter(base: try base.put(name), tell: tell)
    }

    func put(_ name: String, file path: String) throws {
        tell()
        try base.put(name, file: path)
    }

    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        tell()
        return try base.putIfAbsent(name, bytes)
    }

    func get(_ name: String, range: Range<Int>) throws -> [UInt8] { try base.get(name, range: range) }

    func localPath(of name: String) -> String? { base.localPath(of: name) }

    func list(_ prefix: String) throws -> [SnapshotObject] { try base.list(prefix) }

    func delete(_ name: String) throws {
        tell()
        try base.delete(name)
    }

    func removeUnfinished(before time: Int64) throws -> [String] { try base.removeUnfinished(before: time) }
}

/// An object that is being put into a ``ToldStorage``.
private final class ToldWriter: SnapshotObjectWriter {
    private let base: any SnapshotObjectWriter
    private let tell: @Sendable () -> Void

    init(base: any SnapshotObjectWriter, tell: @escaping @Sendable () -> Void) {
        self.base = base
        self.tell = tell
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        tell()
        try base.write(bytes)
    }

    func commit() throws {
        tell()
        try base.commit()
    }

    func abort() { base.abort() }
}
