import Weir

/// Any shape, for tables.
typealias TestWindowing = AnyWindowing<Event>

extension AnyWindowing where Element == Event {
    static func tumbling(_ size: Duration, offset: Duration = .zero) -> TestWindowing {
        TestWindowing(TumblingWindows(size, offset: offset))
    }
    static func sliding(_ size: Duration, every step: Duration, offset: Duration = .zero) -> TestWindowing {
        TestWindowing(SlidingWindows(size, every: step, offset: offset))
    }
    static func session(gap: Duration) -> TestWindowing { TestWindowing(SessionWindows(gap: gap)) }
    static var global: TestWindowing { TestWindowing(GlobalWindows()) }
}

/// A shape without an operator of its own, so that the general one is used.
struct GeneralWindowing: Windowing {
    typealias Element = Event
    let base: TestWindowing

    func assign(_ element: Event, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        try base.assign(element, at: timestamp, body)
    }
    var merges: Bool { base.merges }
    var needsEventTime: Bool { base.needsEventTime }
    var problem: String? { base.problem }
}
