import Weir

/// Cases of triggers, accumulation and evictors.
enum TriggerCases {
    private static let ten = TumblingWindows<Event>(.milliseconds(10))
    private static let twenty = TumblingWindows<Event>(.milliseconds(20))
    private static let sessions = SessionWindows<Event>(gap: .milliseconds(10))
    private static let global = GlobalWindows<Event>()

    private static func early(_ interval: Int) -> EarlyTrigger<Event> { EarlyTrigger(every: .milliseconds(interval)) }

    static let eventTime: [WindowScript] = [
        .init(
            "event time", ten, lateness: 20, .eventTime(), "a@1 w8 w9 a@2 w30", "w8 a[0,10)=0 w9 a[0,10)=0+1~1 w30 end"),
        .init("event time, session", sessions, .eventTime(), "a@1 a@8 w17", "a[1,18)=0+1 w17 end"),
        .init("event time, global", global, .eventTime(), "a@1 w100 a@2", "w100 a[min,max)=0+1 end"),
    ]

    static let early: [WindowScript] = [
        .init(
            "early", ten, early(4), "a@1 w4 a@2 w5 w8 a@9 w9",
            "a[0,10)=0^0 w4 w5 a[0,10)=0+1^1 w8 a[0,10)=0+1+2#2 w9 end"),
        .init("early, nothing new", ten, early(4), "a@1 w4 w8 w9", "a[0,10)=0^0 w4 w8 a[0,10)=0#1 w9 end"),
        .init(
            "early, a jump and a late record", ten, lateness: 20, early(4), "a@1 w12 a@2",
            "a[0,10)=0^0 a[0,10)=0#1 w12 a[0,10)=0+1~2 end"),
        .init("early, the input ends", ten, early(4), "a@1 w2", "w2 a[0,10)=0^0 a[0,10)=0#1 end"),
        .init(
            "early, discarding", ten, early(4), discarding: true, "a@1 w4 a@2 w8 w9",
            "a[0,10)=0^0 w4 a[0,10)=1^1 w8 w9 end"),
        .init(
            "early, purging", ten, lateness: 20, .purging(early(4)), "a@1 w4 a@2 w8 w9 a@3",
            "a[0,10)=0^0 w4 a[0,10)=1^1 w8 w9 a[0,10)=2~2 end"),
        .init(
            "early, session", sessions, early(4), "a@1 w4 a@6 w8 w30",
            "a[1,11)=0^0 w4 a[1,16)=0+1^1 w8 a[1,16)=0+1#2 w30 end"),
        .init(
            "early, sessions join", sessions, early(4), "a@1 a@14 w4 a@8 w8 w23",
            "a[1,11)=0^0 w4 a[1,24)=0+1+2^1 w8 a[1,24)=0+1+2#2 w23 end"),
        .init(
            "early, global", global, early(10), "a@1 w10 a@2 w20 w30 a@25 w31",
            "a[min,max)=0^0 w10 a[min,max)=0+1^1 w20 w30 w31 a[min,max)=0+1+2^2 a[min,max)=0+1+2#3 end"),
        .init("early, the same value", "a@1 w4 a@2 w8 a@3 w9", "a[0,10)=0^0 w4 w8 a[0,10)=0#1 w9 end") { events in
            // The least number stays the first record's.
            events.keyBy { $0.key }.window(ten).trigger(early(4)).aggregate("windows", .minimum(\.id))
                .map {
                    text(Pane(key: $0.key, window: $0.window, value: [$0.value], kind: $0.kind, revision: $0.revision))
                }
        },
        .init(
            "early, the same value after eviction", "a@1 a@3 w4 a@2 w8 a@5 w9", "a[0,10)=1^0 w4 w8 a[0,10)=3#1 w9 end"
        ) { events in
            WindowScript.panes(events, ten) { $0.trigger(early(4)).evict(CountEvictor(1)) }
        },
    ]

    static let count: [WindowScript] = [
        .init("count", ten, .count(2), "a@1 a@2 a@3 w9", "a[0,10)=0+1^0 w9 end"),
        .init("count, late", ten, lateness: 20, .count(2), "a@1 w9 a@2 w12", "w9 a[0,10)=0+1~0 w12 end"),
        .init("count, sessions join", sessions, .count(2), "a@1 a@15 a@8", "a[1,25)=0+1+2^0 end"),
        .init("count, global", global, .count(2), "a@1 a@2 a@3 b@1", "a[min,max)=0+1^0 end"),
        .init(
            "count, global, purging", global, .purging(.count(2)), "a@1 a@2 a@3 a@4 a@5",
            "a[min,max)=0+1^0 a[min,max)=2+3^1 end"),
        .init(
            "count, discarding", ten, .count(2), discarding: true, "a@1 a@2 a@3 a@4 w9",
            "a[0,10)=0+1^0 a[0,10)=2+3^1 w9 end"),
        .init(
            "count and event time", ten, .any(.count(2), .eventTime()), "a@1 a@2 a@3 w9",
            "a[0,10)=0+1^0 a[0,10)=0+1+2#1 w9 end"),
        .init(
            "count and event time, discarding", ten, .any(.count(2), .eventTime()), discarding: true, "a@1 a@2 a@3 w9",
            "a[0,10)=0+1^0 a[0,10)=2#1 w9 end"),
        .init(
            "count and event time, sessions join", sessions, lateness: 40, .any(.count(2), .eventTime()),
            "a@1 w10 a@15 a@8 w30", "a[1,11)=0 w10 a[1,25)=0+1+2^1 a[1,25)=0+1+2#2 w30 end"),
        .init(
            "count and event time, global", global, .any(.count(2), .eventTime()), "a@1 a@2 a@3",
            "a[min,max)=0+1^0 a[min,max)=0+1+2#1 end"),
    ]

    static let accumulation: [WindowScript] = [
        .init(
            "purging, late", ten, lateness: 20, .purging(.eventTime()), "a@1 w9 a@2 a@3",
            "a[0,10)=0 w9 a[0,10)=1~1 a[0,10)=2~2 end"),
        .init(
            "purging, a session goes on", sessions, lateness: 20, .purging(.eventTime()), "a@1 w10 a@5 w14",
            "a[1,11)=0 w10 a[1,15)=1#1 w14 end"),
        .init(
            "discarding, late", ten, lateness: 20, discarding: true, "a@1 w9 a@2 a@3",
            "a[0,10)=0 w9 a[0,10)=1~1 a[0,10)=2~2 end"),
        .init(
            "discarding, sliding", SlidingWindows(.milliseconds(10), every: .milliseconds(5)), lateness: 10,
            discarding: true, "a@7 w9 a@8", "a[0,10)=0 w9 a[0,10)=1~1 a[5,15)=0+1 end"),
        .init(
            "discarding, a fired session joins an open one", sessions, lateness: 30, discarding: true,
            "a@0 a@15 w12 a@7 w24 a@3", "a[0,10)=0 w12 a[0,25)=1+2#1 w24 a[0,25)=3~2 end"),
        .init(
            "discarding, two fired sessions join", sessions, lateness: 30, discarding: true, "a@0 a@15 w30 a@7",
            "a[0,10)=0 a[15,25)=1 w30 a[0,25)=2~1 end"),
        .init("discarding, global", global, discarding: true, "a@1 w5 a@2", "w5 a[min,max)=0+1 end"),
        .init(
            "each trigger at its own times", twenty, .any(.purging(early(8)), early(4)), "a@1 w4 a@2 w8 a@3 w12 w19",
            "a[0,20)=0^0 w4 a[0,20)=0+1^1 w8 a[0,20)=2^2 w12 w19 end"),
        .init(
            "three triggers", ten, .any(.count(3), .any(.eventTime(), early(5))), "a@1 a@2 w5 a@6 a@7 w9",
            "a[0,10)=0+1^0 w5 a[0,10)=0+1+2^1 a[0,10)=0+1+2+3#2 w9 end"),
    ]

    static let evictors: [WindowScript] = [
        .init(
            "evict by count", ten, lateness: 20, evict: CountEvictor(2), "a@3 a@1 a@2 w9 a@5",
            "a[0,10)=0+2 w9 a[0,10)=0+3~1 end"),
        .init("evict by time", ten, evict: TimeEvictor(.milliseconds(3)), "a@1 a@5 a@4 a@7", "a[0,10)=1+3 end"),
        .init(
            "evict after", ten, lateness: 20, evict: EvictAllAfter(), "a@1 a@2 w9 a@2", "a[0,10)=0+1 w9 a[0,10)=2~1 end"
        ),
        .init(
            "evict after, sliding", SlidingWindows(.milliseconds(10), every: .milliseconds(5)), lateness: 20,
            evict: EvictAllAfter(), "a@7 w9 a@8", "a[0,10)=0 w9 a[0,10)=1~1 a[5,15)=0+1 end"),
        .init("evict by count, session", sessions, evict: CountEvictor(1), "a@8 a@1", "a[1,18)=0 end"),
        .init("evict by count, global", global, evict: CountEvictor(1), "a@8 a@1 b@2", "a[min,max)=0 b[min,max)=2 end"),
        .init(
            "evict by count, count windows", CountWindows(3), evict: CountEvictor(2), "a@8 a@1 a@2", "a[1,9)=0+2 end"),
        .init("evict everything", ten, lateness: 20, evict: EvictAllBefore(), "a@1 w9 a@2", "w9 end"),
    ]

    static let custom: [WindowScript] = [
        .init("a shape with gaps", Odd(), "a@3 a@10 w10 a@12 a@30", "w10 a[10,20)=1+2 a[30,40)=3 end"),
        .init("a shape with gaps, late", Odd(), "w19 a@3 a@15", "w19 & late 1 & end"),
        .init("a merging shape of two windows", Twice(), "a@0 a@102", "a[0,7)=0+1 a[100,107)=0+1 end"),
        .init(
            "a trigger that asks again for the same time", ten, Nagging(), "a@1 w3 w4 a@2 w5 w12",
            "a[0,10)=0^0 w3 w4 a[0,10)=0+1^1 w5 w12 end"),
        .init(
            "a trigger that asks for ever", global, Nagging(), "a@1 w3 a@2", "a[min,max)=0^0 w3 a[min,max)=0+1^1 end"),
        .init(
            "a trigger with state", global, lateness: 0, UntilKeyed(limit: 3), "a@1 a@2 b@1 w5 a@3 a@4",
            "w5 a[min,max)=0+1+3^0 end"),
        .init(
            "a shape chosen at run time", AnyWindowing(ten), early(4), "a@1 w4 w9", "a[0,10)=0^0 w4 a[0,10)=0#1 w9 end"),
    ]
}

private struct EvictAllAfter: Evictor {
    typealias Element = Event
    func evictBefore(_ elements: inout [TimedElement<Event>], in window: TimeWindow) {}
    func evictAfter(_ elements: inout [TimedElement<Event>], in window: TimeWindow) { elements.removeAll() }
}

private struct EvictAllBefore: Evictor {
    typealias Element = Event
    func evictBefore(_ elements: inout [TimedElement<Event>], in window: TimeWindow) { elements.removeAll() }
}

/// Every other ten milliseconds; what is between is in no window.
private struct Odd: Windowing {
    typealias Element = Event
    func assign(_ element: Event, at time: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let start = time.floored(to: 20) + 10
        if time >= start { try body(TimeWindow(start: start, end: start + 10)) }
    }
}

/// A record's session and its echo, one of them 100 ms after the other.
private struct Twice: Windowing {
    typealias Element = Event
    func assign(_ element: Event, at time: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let start = time % 100
        try body(TimeWindow(start: start, end: start + 5))
        try body(TimeWindow(start: start + 100, end: start + 105))
    }
    var merges: Bool { true }
}

/// Fires whenever the watermark has passed the first record by 2 ms or more, and asks for the same time again.
private struct Nagging: Trigger {
    typealias Element = Event
    typealias State = Void
    func onElement(
        _ element: Event, at timestamp: Timestamp, in window: TimeWindow, _ state: inout Void,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        context.wake(at: timestamp + 2)
        return .goOn
    }
    func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
    ) -> TriggerResult {
        context.wake(at: time)
        return .fire
    }
    func onMerge(_ other: Void, into window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext) {}
}

/// Fires once, with the `limit`-th record.
private struct UntilKeyed: Trigger {
    struct State: Codable, Sendable {
        var count = 0
        var isDone = false
    }
    typealias Element = Event
    let limit: Int
    func makeState() -> State { State() }
    func onElement(
        _ element: Event, at timestamp: Timestamp, in window: TimeWindow, _ state: inout State,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        state.count += 1
        guard !state.isDone, state.count >= limit else { return .goOn }
        state.isDone = true
        return .fire
    }
    func onMerge(_ other: State, into window: TimeWindow, _ state: inout State, _ context: inout TriggerContext) {}
}
