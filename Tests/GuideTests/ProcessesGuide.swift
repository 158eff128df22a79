import StreamTesting
import Testing
import Weir

// The code of Docs/guides/processes.md.

/// Something that a user did.
struct Action: EventTimed, Codable, Equatable {
    enum Kind: String, Codable { case basket, purchase }

    var user = ""
    var kind = Kind.basket
    var price: Int64 = 0
    var eventTime: Timestamp = 0
}

extension Action: StateCodable {
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(user)
        try encoder.encode(kind == .purchase)
        try encoder.encode(price)
        try encoder.encode(eventTime)
    }
    init(decoding decoder: inout StateDecoder) throws {
        user = try decoder.decode()
        kind = try decoder.decode(Bool.self) ? .purchase : .basket
        price = try decoder.decode()
        eventTime = try decoder.decode()
    }
}

// snippet: abandoned
struct Abandoned: KeyedProcessor {
    typealias Key = String
    typealias Input = Action
    typealias Output = Action
    enum TimerID { case giveUp }

    let last: ValueState<String, Action>
    let spent: AggregatingState<String, Sum<Action, Int64>>

    init(_ state: KeyedStateStore<String>) throws {
        last = try state.value("last")
        spent = try state.aggregating("spent", Sum { $0.price })
    }

    mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
        switch action.kind {
        case .basket:
            last.value = action
            context.setTimer(.giveUp, at: context.timestamp + 1_800_000)
        case .purchase:
            spent.add(action)
            last.value = nil
            context.cancelTimer(.giveUp)
        }
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
        if let action = last.value { try context.emit(action) }
        last.value = nil
    }
}
// end snippet

/// Tells of a user from whom nothing has come for a minute, by the clock.
// snippet: silence
struct Silence: KeyedProcessor {
    typealias Key = String
    typealias Input = Action
    typealias Output = String
    enum TimerID { case silent }
    static let needsEventTime = false

    mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
        context.setTimer(.silent, at: context.processingTime + 60_000, in: .processingTime)
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
        try context.emit("nothing from \(context.key)")
    }
}
// end snippet

/// Adds the user's newest name to each action; actions before the first name wait for it.
// snippet: named
struct Named: ConnectedProcessor {
    typealias Key = String
    typealias Left = Action
    typealias Right = Pair<String, String>
    typealias Output = String

    let name: ValueState<String, String>
    let waiting: ListState<String, Action>

    init(_ state: KeyedStateStore<String>) throws {
        name = try state.value("name")
        waiting = try state.list("waiting")
    }

    mutating func processLeft(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
        guard let name = name.value else { return waiting.append(action) }
        try context.emit("\(name): \(action.kind)")
    }

    mutating func processRight(_ user: Pair<String, String>, _ context: borrowing ProcessContext<Self>) throws {
        name.value = user.second
        for action in waiting.elements { try context.emit("\(user.second): \(action.kind)") }
        waiting.removeAll()
    }
}
// end snippet

/// Reports purchases above a limit that can be changed while the job runs.
// snippet: expensive
struct Expensive: BroadcastProcessor {
    typealias Key = String
    typealias Input = Action
    typealias Output = Action

    let limits: BroadcastView<String, Int64>

    mutating func process(_ action: Action, _ context: borrowing ProcessContext<Self>) throws {
        if action.price > limits["purchase"] ?? .max { try context.emit(action) }
    }

    mutating func processBroadcast(
        _ limit: Int64, _ limits: BroadcastState<String, Int64>, _ context: borrowing BroadcastContext<Self>
    ) throws {
        limits["purchase"] = limit
    }
}
// end snippet

@Suite struct ProcessesGuide {
    @Test func theTestOfTheGuide() throws {
        // snippet: test
        let actions = TestInput<Action>("actions")
        let abandoned = OutputLog<Action>()
        let test = try TestPipeline { p in
            p.input(actions).keyBy(\.user).process("abandoned") { try Abandoned($0) }.logged("log", in: abandoned)
        }
        actions.send(Action(user: "ann", price: 5), at: 1_000)
        actions.send(Action(user: "bob", price: 7), at: 2_000)
        try test.restart(parallelism: 2)
        actions.send(Action(user: "bob", kind: .purchase, price: 7), at: 3_000)
        actions.watermark(1_801_000)
        try test.settle()
        #expect(abandoned.take().map(\.user) == ["ann"])
        // end snippet
        #expect(try test.state(of: "abandoned", "spent", keys: String.self, values: Int64.self) == ["bob": 7])
    }

    @Test func theOtherStepsRun() throws {
        let actions = TestInput<Action>("actions")
        let users = TestInput<Pair<String, String>>("users")
        let limitInput = TestInput<Int64>("limits")
        let log = OutputLog<String>()
        let test = try TestPipeline { p in
            let byUser = p.input(actions).keyBy(\.user)
            let names = p.input(users)
            let limits = p.input(limitInput)

            // snippet: attaching
            let silent = byUser.process("silence") { _ in Silence() }
            let named = byUser.process("named", with: names.keyBy(\.first)) { try Named($0) }
            let expensive = byUser.process("expensive", broadcast: limits) { _, limits in Expensive(limits: limits) }
            // end snippet

            silent.logged("silent", in: log)
            named.logged("named log", in: log)
            expensive.map { "expensive: \($0.user)" }.logged("expensive log", in: log)
        }
        limitInput.send(10, at: 0)
        try test.settle()
        actions.send(Action(user: "ann", price: 11), at: 1)
        try test.settle()
        #expect(log.take() == ["expensive: ann"])
        users.send(Pair("ann", "Ann"), at: 1)
        try test.settle()
        #expect(log.take() == ["Ann: basket"])
        try test.advanceProcessingTime(by: .seconds(60))
        #expect(log.take() == ["nothing from ann"])
    }
}
