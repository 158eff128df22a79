import StreamTesting
import Testing
import Weir

private struct Sent: Sendable, StateCodable, Equatable {
    var key: String
    var text: String

    init(key: String, text: String) { (self.key, self.text) = (key, text) }
    init(decoding decoder: inout StateDecoder) throws {
        self.init(key: try decoder.decode(), text: try decoder.decode())
    }
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(key)
        try encoder.encode(text)
    }
}

/// Emits each left record with the newest right one of its key; those that come too early wait for it, or give up.
private struct Enrich: ConnectedProcessor {
    typealias Key = String
    typealias Left = Sent
    typealias Right = Sent
    typealias Output = String
    enum TimerID: Sendable { case giveUp }

    let known: ValueState<String, Sent>
    let waiting: ListState<String, Sent>

    init(_ store: KeyedStateStore<String>) throws {
        known = try store.value("known")
        waiting = try store.list("waiting")
    }

    mutating func processLeft(_ element: Sent, _ context: borrowing ProcessContext<Enrich>) throws {
        if element.text == "bad" { throw TestFault() }
        guard let known = known.value else {
            waiting.append(element)
            return context.setTimer(.giveUp, at: context.timestamp + 100)
        }
        try context.emit("\(element.text)+\(known.text)")
    }

    mutating func processRight(_ element: Sent, _ context: borrowing ProcessContext<Enrich>) throws {
        if element.text == "bad" { throw TestFault() }
        known.value = element
        for early in waiting.elements { try context.emit("\(early.text)+\(element.text)") }
        waiting.removeAll()
        context.cancelTimer(.giveUp)
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Enrich>) throws {
        for early in waiting.elements { try context.emit("\(early.text)@\(time)") }
        waiting.removeAll()
        if context.key == "z" { throw TestFault() }
    }
}

/// Emits records whose text the rules know; a rule `all` makes every key tell its count.
private struct Ruled: BroadcastProcessor {
    typealias Key = String
    typealias Input = Sent
    typealias Output = String
    typealias TimerID = String

    let rules: BroadcastView<String, Int>
    let counts: ValueState<String, Int>

    init(_ store: KeyedStateStore<String>, _ rules: BroadcastView<String, Int>) throws {
        self.rules = rules
        counts = try store.value("counts")
    }

    mutating func process(_ element: Sent, _ context: borrowing ProcessContext<Ruled>) throws {
        counts.update(default: 0) { $0 += 1 }
        guard let rule = rules[element.text] else { return }
        try context.emit("\(element.key) \(element.text)=\(rule)")
        context.setTimer(element.text, at: context.timestamp + 10)
    }

    mutating func onTimer(_ id: String, at time: Timestamp, _ context: borrowing ProcessContext<Ruled>) throws {
        try context.emit("\(context.key) \(id)@\(time)=\(rules[id] ?? -1)")
    }

    mutating func processBroadcast(
        _ rule: Sent, _ rules: BroadcastState<String, Int>, _ context: borrowing BroadcastContext<Ruled>
    ) throws {
        switch rule.key {
        case "all":
            try context.forEachKey(having: "counts") { context in
                try context.emit("\(context.key) counts \(counts.value ?? 0)")
                counts.value = nil
            }
        case "wrong": try context.forEachKey(having: "count") { _ in }
        case "bad": throw TestFault()
        default: rules[rule.key] = Int(rule.text)
        }
    }
}

@Suite struct TwoInputProcessTests {
    /// `l:a=x@5` sends x of key a to the left, `r:` to the right; `lw9`, `rw9` are watermarks.
    private func play(
        _ script: String, left: TestInput<Sent>, right: TestInput<Sent>, _ test: TestPipeline, _ log: OutputLog<String>,
        restarts: [Int]
    ) throws -> String {
        var words: [String] = []
        for (index, word) in script.split(separator: " ").enumerated() {
            let input = word.first == "l" ? left : right
            if word.dropFirst().first == "w", let time = Timestamp(word.dropFirst(2)) {
                input.watermark(time)
            } else {
                let parts = word.dropFirst(2).split { "=@".contains($0) }.map(String.init)
                input.send(Sent(key: parts[0], text: parts[1]), at: Timestamp(parts[2]) ?? 0)
            }
            try test.settle()
            words += log.take().sorted().map { $0.replacing(" ", with: "_") } + ["|"]
            if !restarts.isEmpty { try test.restart(parallelism: restarts[index % restarts.count]) }
        }
        left.end()
        right.end()
        try test.settle()
        return (words + log.take().sorted().map { $0.replacing(" ", with: "_") }).joined(separator: " ")
    }

    @Test(arguments: [
        ("r:a=X@1 l:a=x@2", "| x+X |"),
        ("l:a=x@2 r:a=X@1 l:a=y@3", "| x+X | y+X |"),
        ("l:a=x@2 r:b=X@1", "| | x@102"),
        ("l:a=x@2 l:a=y@3 lw200 rw102 rw103", "| | | | x@103 y@103 |"),
        ("l:a=x@2 lw200 r:a=X@1 rw200", "| | x+X | |"),
        ("r:a=X@1 l:a=x@2 r:a=Y@3 l:a=y@4", "| x+X | | y+Y |"),
    ])
    func connectedInputsShareStateAndTimers(script: String, output: String) throws {
        for restarts in [[], [1], [3]] {
            let (left, right, log) = (TestInput<Sent>("left"), TestInput<Sent>("right"), OutputLog<String>())
            let test = try TestPipeline { p in
                p.input(left).keyBy { $0.key }.process("enrich", with: p.input(right).keyBy { $0.key }) {
                    try Enrich($0)
                }
                .logged("log", in: log)
            }
            let played = try play(script, left: left, right: right, test, log, restarts: restarts)
            #expect(played == output, "restarts \(restarts)")
        }
    }

    @Test func connectedErrorsArePolicy() throws {
        let (left, right, log) = (TestInput<Sent>("left"), TestInput<Sent>("right"), OutputLog<String>())
        let letters = OutputLog<DeadLetter>()
        let test = try TestPipeline { p in
            let rights = p.input(right).keyBy { $0.key }
            let out = p.input(left).keyBy { $0.key }.process("enrich", with: rights, onError: .deadLetter) {
                try Enrich($0)
            }
            out.logged("log", in: log)
            out.deadLetters.logged("letters", in: letters)
        }
        let played = try play(
            "l:a=bad@1 r:a=bad@1 r:a=X@1 l:a=x@2 l:z=y@3", left: left, right: right, test, log, restarts: [])
        #expect(played == "| | | x+X | | y@103")
        #expect(letters.records.map(\.step) == ["enrich", "enrich", "enrich"])
        #expect(letters.records.map(\.encoding) == [.state, .state, .text])
        #expect(
            letters.records.last.map { String(decoding: $0.bytes, as: UTF8.self) } == "timer giveUp of key z at 103")
        #expect(test.status["enrich"]?.rejected == 3)
    }

    @Test(arguments: [
        ("l:a=x@1 r:x=7@1 l:a=x@2 l:b=y@2 l:b=x@5", "| | a_x=7 | | b_x=7 | a_x@12=7 b_x@15=7"),
        ("r:x=7@1 l:a=x@2 r:x=8@3 lw12 rw12 l:a=x@20", "| a_x=7 | | | a_x@12=8 | a_x=8 | a_x@30=8"),
        (
            "l:a=x@1 l:a=x@2 l:b=x@3 r:all=0@4 r:all=0@5 l:b=x@6 r:all=0@7",
            "| | | a_counts_2 b_counts_1 | | | b_counts_1 |"
        ),
    ])
    func broadcastStateIsTheSameForAllKeys(script: String, output: String) throws {
        for (parallelism, restarts) in [(1, []), (3, []), (1, [1]), (1, [4])] {
            let (left, right, log) = (TestInput<Sent>("left"), TestInput<Sent>("right"), OutputLog<String>())
            let test = try TestPipeline(parallelism: parallelism) { p in
                p.input(left).keyBy { $0.key }.process("ruled", broadcast: p.input(right)) { try Ruled($0, $1) }
                    .logged("log", in: log)
            }
            let played = try play(script, left: left, right: right, test, log, restarts: restarts)
            #expect(played == output, "parallelism \(parallelism), restarts \(restarts)")
        }
    }

    /// Rules without event time don't hold timers back, and the end waits for them.
    @Test(arguments: [1, 2]) func untimedBroadcastsHoldNothingBack(parallelism: Int) throws {
        let (left, right, log) = (TestInput<Sent>("left"), TestInput<Sent>("right"), OutputLog<String>())
        let test = try TestPipeline(parallelism: parallelism) { p in
            let rules = p.source("right", TestInputSource(input: right)).flatMap("rules") {
                $0.element.map { [$0] } ?? []
            }
            p.input(left).keyBy { $0.key }.process("ruled", broadcast: rules) { try Ruled($0, $1) }.logged(
                "log", in: log)
        }
        right.send(Sent(key: "x", text: "7"), at: 0)
        try test.settle()
        left.play([.record(Sent(key: "a", text: "x"), at: 5), .watermark(14)])
        try test.settle()
        #expect(log.take() == ["a x=7"])
        left.watermark(15)
        try test.settle()
        #expect(log.take() == ["a x@15=7"])
        try test.restart()
        left.send(Sent(key: "a", text: "x"), at: 20)
        left.end()
        try test.settle()
        #expect(log.take() == ["a x=7"])
        right.send(Sent(key: "x", text: "8"), at: 0)
        right.end()
        try test.settle()
        #expect(log.take() == ["a x@30=8"])
        #expect(test.isFinished)
    }

    @Test func aStateThatIsNotThereIsNamed() throws {
        let (left, right) = (TestInput<Sent>("left"), TestInput<Sent>("right"))
        let test = try TestPipeline { p in
            p.input(left).keyBy { $0.key }.process("ruled", broadcast: p.input(right), onError: .drop) {
                try Ruled($0, $1)
            }
            .write("sink", to: CollectSink())
        }
        right.send(Sent(key: "bad", text: ""), at: 0)
        try test.settle()
        #expect(test.status["ruled"]?.rejected == 1)
        right.send(Sent(key: "wrong", text: ""), at: 0)
        let error = #expect(throws: JobError.self) { try test.settle() }
        #expect(error?.step == "ruled")
        #expect(error?.message.contains("'count' is not one of the step's states") == true, "\(error as Any)")
    }
}
