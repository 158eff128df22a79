import StreamTesting
import Testing
import Weir

/// `process`, `reduce`, and what their functions see.
@Suite struct WindowProcessTests {
    private static let ten = TumblingWindows<Event>(.milliseconds(10))

    @Test func processSeesTheRecordsInOrderAndTheWindow() throws {
        let harness = OperatorHarness<Event, String> { events in
            events.keyBy { $0.key }.window(Self.ten, allowedLateness: .milliseconds(20))
                .process("visits") { visits, window in
                    let records = visits.map { "\($0.element.id)@\($0.timestamp)" }.joined(separator: "+")
                    let pane = window.pane
                    try window.emit(
                        "\(window.key)[\(window.window.start)] \(records) \(pane.kind) \(pane.revision) "
                            + "w\(window.watermark) t\(window.processingTime)")
                }
        }
        let events = try harness.verify(script("a@5 b@7 a@1 a@5 w9 a@3"), time: 77)
        #expect(
            events.compactMap(\.record).sorted() == [
                "a[0] 2@1+0@5+3@5 onTime 0 w9 t77", "a[0] 2@1+4@3+0@5+3@5 late 1 w9 t77", "b[0] 1@7 onTime 0 w9 t77",
            ])
        for case .record(_, let time) in events { #expect(time == 9) }
    }

    @Test func processEmitsAnyNumberAndToSideOutputs() throws {
        let odd = SideOutput<Int>("odd")
        let harness = OperatorHarness<Event, String> { events in
            let even = events.keyBy { $0.key }.window(SessionWindows(gap: .milliseconds(10)))
                .process("split", as: Int.self) { visits, window in
                    for visit in visits {
                        if visit.element.id % 2 == 0 {
                            try window.emit(visit.element.id)
                        } else {
                            try window.emit(visit.element.id, to: odd)
                        }
                    }
                }
            return even.map { "even \($0)" }.union("all", even.sideOutput(odd).map { "odd \($0)" })
        }
        let events = try harness.verify(script("a@1 a@2 a@3 w12 a@30 a@31"))
        #expect(events.compactMap(\.record).sorted() == ["even 0", "even 2", "even 4", "odd 1", "odd 3"])
    }

    @Test func anErrorOfTheFunctionNamesTheStep() async throws {
        let harness = OperatorHarness<Event, Int> { events in
            events.keyBy { $0.key }.window(Self.ten).process("broken") { _, _ in
                throw OperatorError(code: .invalidRecord, message: "no good")
            }
        }
        let error = await #expect(throws: JobError.self) { try await harness.run(script("a@1")) }
        #expect(error?.step == "broken")
        #expect(error?.description.contains("no good") == true)
    }

    /// The window's first record stands for it; what was emitted stays, and later records make the window try again.
    @Test(arguments: [ErrorPolicy.drop, .deadLetter])
    func aWindowWhoseFunctionThrowsIsDisposedOf(policy: ErrorPolicy) async throws {
        let harness = OperatorHarness<Event, String> { events in
            let out = events.keyBy { $0.key }.window(Self.ten, allowedLateness: .milliseconds(20))
                .process("visits", onError: policy) { visits, window in
                    try window.emit("\(window.key) \(visits.count)")
                    guard visits.count != 2 else {
                        throw OperatorError(code: .invalidRecord, message: "two")
                    }
                }
            let letters = out.deadLetters.map { letter in
                var decoder = StateDecoder(letter.bytes)
                let event = try StateCodec<Event>.automatic.decode(&decoder)
                return "dead \(event.id) \(letter.reason.prefix { $0 != ":" }) '\(letter.source)' \(letter.offset)"
            }
            return out.union("all", letters)
        }
        let result = try await harness.run(script("a@5 b@7 a@1 w9 a@3 b@1"))
        let letters = ["dead 2 window 0..<10 of key a '' -1", "dead 4 window 0..<10 of key b '' -1"]
        #expect(
            result.events.compactMap(\.record).sorted()
                == ["a 2", "a 3", "b 1", "b 2"] + (policy == .deadLetter ? letters : []))
        for case .record(_, let time) in result.events { #expect(time == 9) }
        #expect(result.status["visits"]?.rejected == 2)
    }

    @Test(arguments: [false, true]) func aGapThatIsNotPositiveNamesTheStep(bounded: Bool) async throws {
        for gap in [0, -5] as [Int64] {
            let harness = OperatorHarness<Event, String> { events in
                let keyed = events.keyBy { $0.key }
                let fixed = Duration.milliseconds(gap)
                return bounded
                    ? keyed.window(BoundedSessionWindows(gapOf: { _ in fixed }, maximum: .seconds(1)))
                        .aggregate("sessions", CollectIDs()).map { text($0) }
                    : keyed.window(RecordGapSessionWindows { _ in fixed })
                        .aggregate("sessions", CollectIDs()).map { text($0) }
            }
            let error = await #expect(throws: JobError.self) { try await harness.run(script("a@1")) }
            #expect(error?.step == "sessions")
            let message = "the record's session gap is \(gap) ms; it must be at least 1 ms"
            #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        }
    }

    @Test func reduceGivesARecord() throws {
        let harness = OperatorHarness<Event, String> { events in
            events.keyBy { $0.key }.window(Self.ten, allowedLateness: .milliseconds(20))
                .reduce("latest") { $0.time < $1.time ? $1 : $0 }
                .map {
                    text(
                        Pane(key: $0.key, window: $0.window, value: [$0.value.id], kind: $0.kind, revision: $0.revision)
                    )
                }
        }
        let events = try harness.verify(script("a@5 a@8 a@1 w9 a@9 a@12"))
        #expect(words(events) == ["a[0,10)=1", "w9", "a[0,10)=3~1", "a[10,20)=4", "end"])
    }

    @Test func severalAggregatesGiveATuple() throws {
        let harness = OperatorHarness<Event, String> { events in
            events.keyBy { $0.key }.window(Self.ten).trigger(EarlyTrigger(every: .milliseconds(4)))
                .aggregate("windows", .count(), .minimum(\.id), .maximum(\.id))
                .map { "\($0.key) \($0.kind) \($0.value.0) \($0.value.1) \($0.value.2)" }
        }
        let events = try harness.verify(script("a@1 w4 w8 a@2 w9"))
        #expect(words(events) == ["a early 1 0 0", "w4", "w8", "a onTime 2 0 1", "w9", "end"])
    }
}
