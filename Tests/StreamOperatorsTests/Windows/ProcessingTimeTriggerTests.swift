import StreamTesting
import Testing
import Weir

/// Triggers by processing time, under a clock that the test moves; with and without a snapshot restored in between.
@Suite struct ProcessingTimeTriggerTests {
    /// Plays `input`, where `t30` moves the clock, `w9` the watermark, `e` ends the input; panes come out between.
    private func play<Windows: Windowing, Firing: Trigger>(
        _ windowing: Windows, lateness: Int = 0, _ trigger: Firing, discarding: Bool = false, _ input: String,
        restarts: Bool
    ) throws -> String where Windows.Element == Event, Firing.Element == Event {
        let events = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test = try TestPipeline(time: 1_000) { p in
            let windows = p.input(events).keyBy { $0.key }
                .window(windowing, allowedLateness: .milliseconds(lateness)).trigger(trigger)
            (discarding ? windows.discarding() : windows).aggregate("windows", CollectIDs())
                .map { text($0) }.logged("log", in: log)
        }
        var out: [String] = []
        var id = 0
        for word in input.split(separator: " ") {
            if word == "e" {
                events.end()
                try test.settle()
            } else if word.first == "t", let time = Int64(word.dropFirst()) {
                try test.advanceProcessingTime(to: 1_000 + time)
            } else {
                events.play(script(String(word), firstID: id))
                if word.contains("@") { id += 1 }
                try test.settle()
            }
            out += log.take() + [String(word)]
            if restarts && word != "e" { try test.restart() }
        }
        return out.joined(separator: " ")
    }

    private static let ten = TumblingWindows<Event>(.milliseconds(10))
    private static let sessions = SessionWindows<Event>(gap: .milliseconds(10))
    private static let global = GlobalWindows<Event>()

    @Test(arguments: [false, true]) func afterADelay(restarts: Bool) throws {
        let five = ProcessingTimeTrigger<Event>(delay: .milliseconds(5))
        #expect(
            try play(Self.global, five, "a@1 t3 a@2 t4 t5 t6 a@3 t10 t11 a@4 e", restarts: restarts)
                == "a@1 t3 a@2 t4 a[min,max)=0+1^0 t5 t6 a@3 t10 a[min,max)=0+1+2^1 t11 a@4 a[min,max)=0+1+2+3#2 e")
        #expect(
            try play(Self.global, five, discarding: true, "a@1 b@1 t5 a@2 e", restarts: restarts)
                == "a@1 b@1 a[min,max)=0^0 b[min,max)=1^0 t5 a@2 a[min,max)=2#1 e")
        #expect(
            try play(Self.ten, lateness: 90, .any(.eventTime(), five), "a@1 w9 a@2 t5 a@3 e", restarts: restarts)
                == "a@1 a[0,10)=0 w9 a[0,10)=0+1~1 a@2 t5 a[0,10)=0+1+2~2 a@3 e")
    }

    /// A session that goes on all the time is emitted all the same.
    @Test(arguments: [false, true]) func aDelayThatMergesDoNotPostpone(restarts: Bool) throws {
        let five = ProcessingTimeTrigger<Event>(delay: .milliseconds(5))
        #expect(
            try play(Self.sessions, five, "a@1 t3 a@8 t4 a@15 t5 a@20 t9 t10 e", restarts: restarts)
                == "a@1 t3 a@8 t4 a@15 a[1,25)=0+1+2^0 t5 a@20 t9 a[1,30)=0+1+2+3^1 t10 e")
    }

    @Test(arguments: [false, true]) func atTheEndOfTheWindow(restarts: Bool) throws {
        let windows = TumblingWindows<Event>(.milliseconds(10), offset: .milliseconds(3))
        #expect(
            try play(windows, .processingTime(), "a@1003 a@1013 t11 t12 t21 e", restarts: restarts)
                == "a@1003 a@1013 t11 a[1003,1013)=0^0 t12 t21 a[1013,1023)=1 e")
    }

    @Test(arguments: [false, true]) func earlyByTheClock(restarts: Bool) throws {
        let early = EarlyTrigger<Event>(every: .milliseconds(10), in: .processingTime)
        #expect(
            try play(Self.ten, lateness: 50, early, "a@1 t9 t10 t20 a@2 t29 t30 w9 a@3 t40 e", restarts: restarts)
                == "a@1 t9 a[0,10)=0^0 t10 t20 a@2 t29 a[0,10)=0+1^1 t30 a[0,10)=0+1#2 w9 a[0,10)=0+1+2~3 a@3 t40 e")
        #expect(
            try play(Self.global, early, "a@1 t10 t20 a@2 e", restarts: restarts)
                == "a@1 a[min,max)=0^0 t10 t20 a@2 a[min,max)=0+1#1 e")
        // Each of two triggers keeps to its own times: only the delay purges.
        let both = AnyTrigger(PurgingTrigger(ProcessingTimeTrigger<Event>(delay: .milliseconds(15))), early)
        #expect(
            try play(Self.global, both, "a@1 t10 a@2 t15 a@3 t20 e", restarts: restarts)
                == "a@1 a[min,max)=0^0 t10 a@2 a[min,max)=0+1^1 t15 a@3 a[min,max)=2^2 t20 a[min,max)=2#3 e")
    }

    /// What a trigger asks for in the past comes at the next turn, and asking again and again hangs nothing.
    @Test func askingForThePast() throws {
        #expect(
            try play(Self.global, Impatient(), "a@1 t1 a@2 e", restarts: false)
                == "a[min,max)=0^0 a@1 t1 a[min,max)=0+1^1 a@2 e")
    }

    private struct Impatient: Trigger {
        typealias Element = Event
        typealias State = Void
        func onElement(
            _ element: Event, at timestamp: Timestamp, in window: TimeWindow, _ state: inout Void,
            _ context: inout TriggerContext
        ) -> TriggerResult {
            context.wake(atProcessingTime: context.processingTime - 5)
            return .goOn
        }
        func onProcessingTime(
            _ time: Timestamp, in window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
        ) -> TriggerResult { .fire }
        func onMerge(_ other: Void, into window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext) {}
        var needsEventTime: Bool { false }
    }
}
