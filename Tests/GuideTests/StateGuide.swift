import StreamTesting
import Testing
import Weir

// The code of Docs/guides/state.md.

// snippet: kinds
struct Profile: KeyedProcessor {
    typealias Key = String
    typealias Input = Action
    typealias Output = String
    typealias TimerID = Never

    let last: ValueState<String, Action>
    let prices: ListState<String, Int64>
    let kinds: MapState<String, String, Int>
    let spent: ReducingState<String, Int64>
    let recent: OrderedMapState<String, Int64, Int64>
    let seen: ValueState<String, Bool>

    init(_ state: KeyedStateStore<String>) throws {
        last = try state.value("last")
        prices = try state.list("prices")
        kinds = try state.map("kinds")
        spent = try state.reducing("spent") { $0 + $1 }
        recent = try state.orderedMap("recent")
        seen = try state.value("seen", timeToLive: TimeToLive(.seconds(3_600)))
    }

    mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
        if seen.value == nil { try context.emit("\(context.key) is here again") }
        seen.value = true
        last.value = action
        prices.append(action.price)
        kinds["\(action.kind)"] = (kinds["\(action.kind)"] ?? 0) + 1
        spent.add(action.price)
        recent[action.eventTime] = action.price
        recent.removeAll(before: action.eventTime - 60_000)
        var minute: Int64 = 0
        recent.forEach { _, price in minute += price }
        if minute > 100 { try context.emit("\(context.key) spends \(minute) a minute") }
    }
}
// end snippet

@Suite struct StateGuide {
    @Test func kinds() throws {
        // snippet: expiry
        let actions = TestInput<Action>("actions")
        let notes = OutputLog<String>()
        let test = try TestPipeline { p in
            p.input(actions).keyBy(\.user).process("profile") { try Profile($0) }.logged("log", in: notes)
        }
        actions.send(Action(user: "ann", price: 60, eventTime: 0), at: 0)
        actions.send(Action(user: "ann", price: 50, eventTime: 30_000), at: 30_000)
        try test.settle()
        #expect(notes.take() == ["ann is here again", "ann spends 110 a minute"])

        try test.restart(parallelism: 3)
        actions.send(Action(user: "ann", price: 20, eventTime: 70_000), at: 70_000)
        try test.settle()
        #expect(notes.take() == [])  // 70 in the last minute, and she was seen less than an hour ago
        #expect(try test.state(of: "profile", "spent") == ["ann": Int64(130)])
        #expect(try test.state(of: "profile", "kinds") == ["ann": ["basket": 3]])

        try test.advanceProcessingTime(by: .seconds(3_600))
        actions.send(Action(user: "ann", price: 1, eventTime: 200_000), at: 200_000)
        try test.settle()
        #expect(notes.take() == ["ann is here again"])
        // end snippet
    }

    @Test func backendsOfYourOwn() throws {
        // snippet: suite
        try StateBackendSuite(backend: MemoryBackend()).run(seeds: 0..<10)
        // end snippet
    }
}
