// Runs a job over RocksDB whose state is larger than its memory budget, and prints how much the process grew by, in
// bytes. A process of its own, so that nothing else counts. Arguments: the kind of state, the budget's and the state's
// bytes, a directory.
internal import RocksDBBackend
internal import Synchronization
internal import Weir

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The program.
@main
enum MemoryProbe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let budget = Int(arguments[2]), let bytes = Int(arguments[3]) else { exit(2) }
        let kind = arguments[1]
        // Each key's values come to about 1,000 bytes; those of a list one after the other, over the whole input.
        let keys = bytes / 1_000
        let wrong = CollectSink<Pane<Int64, Bool>>()
        let pipeline = try Pipeline("memory") { p in
            let source = p.source(
                "numbers",
                GeneratorSource(count: kind == "list" || kind == "map" ? keys * 4 : keys * 5 / 2) { Int64($0) },
                time: { $0 }, watermarks: .boundedOutOfOrderness(.milliseconds(0)))
            switch kind {
            case "list":
                source.map { $0 % Int64(keys) }.keyBy { $0 }.process("hold") { try HeldList($0) }
                    .write("nowhere", to: CollectSink<Int64>())
            case "map":
                source.map { $0 % Int64(keys) }.keyBy { $0 }.process("hold") { try HeldMap($0) }
                    .write("nowhere", to: CollectSink<Int64>())
            case "join":
                // A text of each key waits to the end; the other side has the last keys only, and meets it then.
                let texts = source.filter { $0 < keys }.map { key in
                    if key % 1_024 == 0 { Resident.note() }
                    return Pair(key, text(key, 1_000))
                }
                let others = source.filter { $0 >= keys * 12 / 5 }.map { $0 - Int64(keys * 12 / 5) }
                texts.keyBy(\.first).join(
                    "hold", others.keyBy { $0 }, within: .after(upTo: .milliseconds(keys * 5))
                ) { pair, key in
                    if key % 1_024 == 0 { Resident.note() }
                    return pair.second == text(key, 1_000)
                }
                .filter { !$0 }.map { Pane(key: 0, window: TimeWindow(start: 0, end: 1), value: $0) }
                .write("wrong", to: wrong)
            case "window":
                // Two windows, of which each holds all keys, and most keys one and a half times.
                source.keyBy { $0 % Int64(keys) }.window(.tumbling(.milliseconds(keys * 5 / 4)))
                    .aggregate("hold", HeldText()).filter { !$0.value }.write("wrong", to: wrong)
            case "session":
                // One session per key, open to the end.
                source.keyBy { $0 % Int64(keys) }.window(.session(gap: .milliseconds(keys * 5 / 4)))
                    .aggregate("hold", HeldText()).filter { !$0.value }.write("wrong", to: wrong)
            default:
                source.filter { $0 < keys * 5 / 4 }.map { $0 % Int64(keys) }.keyBy { $0 }
                    .process("hold") { try HeldValue($0) }.write("nowhere", to: CollectSink<Int64>())
            }
        }
        var options = JobOptions()
        options.backend = RocksDBBackend(directory: arguments[4])
        options.memoryBudget = budget
        options.logger = JobOptions.silentLogger
        let before = Resident.bytes
        _ = try await pipeline.run(options)
        guard wrong.elements.isEmpty else { exit(3) }
        print(Resident.peak.load(ordering: .relaxed) - before)
    }
}

/// The process's resident memory.
enum Resident {
    static let peak = Atomic(0)

    static var bytes: Int {
        let file = open("/proc/self/statm", O_RDONLY)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(file, &text, text.count)
        let fields = text.prefix(Swift.max(count, 0)).split(separator: UInt8(ascii: " "))
        return (fields.count > 1 ? Int(String(decoding: fields[1], as: UTF8.self)) ?? 0 : 0) * Int(getpagesize())
    }

    static func note() { peak.max(bytes, ordering: .relaxed) }
}

private func text(_ element: Int64, _ count: Int) -> String {
    String(repeating: element % 2 == 0 ? "even" : "odd.", count: count / 4)
}

/// A value of 1,000 bytes per key.
private struct HeldValue: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Int64
    typealias Output = Int64
    typealias TimerID = Never

    let value: ValueState<Int64, String>
    var count = 0

    init(_ state: KeyedStateStore<Int64>) throws { value = try state.value("value") }

    mutating func process(_ element: Int64, _ context: borrowing ProcessContext<Self>) throws {
        count += 1
        if count % 1_024 == 0 { Resident.note() }
        // A second time for some: what was let go of comes back.
        if let value = value.value, value != text(element, 1_000) {
            throw StateError(code: .malformed, message: "another value than the one that was written")
        }
        value.value = text(element, 1_000)
    }
}

/// A list per key that grows.
private struct HeldList: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Int64
    typealias Output = Int64
    typealias TimerID = Never

    let list: ListState<Int64, String>
    var count = 0

    init(_ state: KeyedStateStore<Int64>) throws { list = try state.list("list") }

    mutating func process(_ element: Int64, _ context: borrowing ProcessContext<Self>) throws {
        count += 1
        if count % 1_024 == 0 { Resident.note() }
        list.append(text(element, 250))
    }
}

/// A map per key whose entries come one by one, over the whole input.
private struct HeldMap: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Int64
    typealias Output = Int64
    typealias TimerID = Never

    let map: MapState<Int64, Int64, String>
    var count = 0

    init(_ state: KeyedStateStore<Int64>) throws { map = try state.map("map") }

    mutating func process(_ element: Int64, _ context: borrowing ProcessContext<Self>) throws {
        count += 1
        if count % 1_024 == 0 { Resident.note() }
        map[context.timestamp] = text(element, 250)
    }
}

/// A text of 1,000 bytes per key and window; the result is whether it is still the right one.
private struct HeldText: AggregateFunction {
    func start(_ element: Int64) -> String {
        if element % 1_024 == 0 { Resident.note() }
        return "\(element % 2)" + text(element, 1_000)
    }

    func add(_ element: Int64, to accumulator: inout String) { accumulator = start(element) }

    func merge(_ other: String, into accumulator: inout String) { accumulator = other }

    func result(_ accumulator: String) -> Bool {
        let element: Int64 = accumulator.hasPrefix("0") ? 0 : 1
        return accumulator == start(element == 0 ? 2 : 1)
    }
}
