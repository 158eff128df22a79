import StreamTesting
import Testing
import Weir

/// An operator that keeps records, or what holds them, in a state to which no codec can be given.
enum OperatorCase: String, CaseIterable, CustomTestStringConvertible {
    case reduce, deduplicate, ranking, intervalJoin, regularJoin, windowJoin, temporalJoin, pattern
    case tumbling, sliding, cumulating, session, boundedSession, count, triggered, collecting
    case last, top, list, several, nested

    var testDescription: String { rawValue }

    /// Whether values of the records are parts of other `Codable` ones.
    var needsCodable: Bool { self == .nested }

    func describe<Record: EvolvingRecord>(
        _ p: PipelineBuilder, _ input: TestInput<Record>, _ log: OutputLog<String>
    ) {
        let records = p.input(input)
        let keyed = records.keyBy("by key") { $0.key }
        let even = records.filter("even") { $0.time % 2 == 0 }
        let left = even.keyBy("left") { $0.key }
        let odd = records.filter("odd") { $0.time % 2 != 0 }
        let right = odd.keyBy("right") { $0.key }
        let whole: @Sendable (Record) -> Record = { $0 }
        let rank: @Sendable (Record) -> Int64 = { $0.time % 11 }
        let results: DataStream<String>
        let later: @Sendable (Record, Record) -> Record = { a, b in a.time % 5 < b.time % 5 ? b : a }
        func panes(_ stream: DataStream<Pane<Int, Record>>) -> DataStream<String> {
            stream.map { "\($0.key) \($0.window.start) \($0.value.label)" }
        }
        let windowed = keyed.window(.tumbling(.milliseconds(100)))
        switch self {
        case .reduce: results = keyed.reduce("op", later).map { "\($0.key) \($0.label)" }
        case .deduplicate:
            results = keyed.deduplicate("op", within: .milliseconds(24), keep: .last).map { "\($0.key) \($0.label)" }
        case .ranking:
            results = keyed.topN("op", 3) { $0.time % 11 }.map { "\($0.key) \($0.elements.map(\.label))" }
        case .intervalJoin:
            results = left.join("op", right, within: .between(.milliseconds(-60), .milliseconds(60))) {
                "\($0.key) \($0.label) \($1.label)"
            }
        case .regularJoin:
            results = left.join("op", right, keepFor: nil) { "\($0.key) \($0.label) \($1.label)" }
        case .windowJoin:
            results = left.join("op", right, window: .tumbling(.milliseconds(100))) {
                "\($0.key) \($0.label) \($1.label)"
            }
        case .temporalJoin: results = left.join("op", versions: right) { "\($0.key) \($0.label) \($1.label)" }
        case .pattern:
            let pattern = Pattern<Record>.begin("a") { $0.time % 2 == 0 }.followedBy("b") { $0.time % 2 != 0 }
                .within(.milliseconds(90))
            results = keyed.match("op", pattern).map { "\($0["a"][0].label) \($0["b"][0].label)" }
        case .tumbling: results = panes(windowed.reduce("op", later))
        case .sliding:
            results = panes(keyed.window(.sliding(.milliseconds(100), every: .milliseconds(20))).reduce("op", later))
        case .cumulating:
            results = panes(
                keyed.window(.cumulating(upTo: .milliseconds(100), every: .milliseconds(20))).reduce("op", later))
        case .session: results = panes(keyed.window(.session(gap: .milliseconds(25))).reduce("op", later))
        case .boundedSession:
            results = panes(
                keyed.window(.session(gap: .milliseconds(25), maximum: .milliseconds(120))).reduce("op", later))
        case .count: results = panes(keyed.window(.count(7)).reduce("op", later))
        case .triggered:
            results = panes(windowed.trigger(.count(2)).reduce("op", later))
        case .collecting:
            results = windowed.process("op") { (records, window: borrowing WindowContext<Int, String>) in
                try window.emit("\(window.key) \(records.map(\.element.label))")
            }
        case .last: results = panes(windowed.aggregate("op", .last(whole)))
        case .top:
            results = windowed.aggregate("op", .top(2, by: rank)).map {
                "\($0.key) \($0.window.start) \($0.value.map(\.label))"
            }
        case .list:
            results = windowed.aggregate("op", .collect(whole, limit: 3)).map {
                "\($0.key) \($0.window.start) \($0.value.values.map(\.label))"
            }
        case .several:
            results = windowed.aggregate("op", .last(whole), .count()).map {
                "\($0.key) \($0.window.start) \($0.value.0.label) \($0.value.1)"
            }
        case .nested: results = keyed.process("op") { try NestingStep<Record>($0) }
        }
        results.logged("out", in: log)
    }
}

/// Keeps records in arrays, optionals, dictionaries and structures.
struct NestingStep<Record: EvolvingRecord>: KeyedProcessor {
    typealias Key = Int
    typealias Input = Record
    typealias Output = String

    let all: ValueState<Int, [Record]>
    let last: ValueState<Int, Record?>
    let byRest: ValueState<Int, [Int: Record]>
    let map: MapState<Int, Int, [Record]>

    init(_ state: KeyedStateStore<Int>) throws {
        all = try state.value("all")
        last = try state.value("last")
        byRest = try state.value("by rest")
        map = try state.map("map")
    }

    mutating func process(_ record: Record, _ context: borrowing ProcessContext<Self>) throws {
        let rest = Int(record.time % 3)
        let lists = [all.value ?? [], map[rest] ?? []].map { $0.map(\.label) }
        let single = [last.value ?? nil, byRest.value?[rest]].map { $0?.label ?? "none" }
        try context.emit("\(record.key) \(lists) \(single)")
        all.update(default: []) { $0.append(record) }
        last.value = record
        byRest.update(default: [:]) { $0[rest] = record }
        map[rest] = (map[rest] ?? []) + [record]
    }
}
