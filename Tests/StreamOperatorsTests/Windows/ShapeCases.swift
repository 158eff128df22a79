import Weir

extension Int {
    /// A length of time in tests.
    fileprivate var ms: Duration { .milliseconds(self) }
}

/// Cases of the shapes that ``WindowCase`` has none of.
enum ShapeCases {
    static let count: [WindowScript] = [
        .init(
            "count", CountWindows(2), "a@1 a@5 b@2 w6 a@3 w9 a@4 b@20 w30",
            "a[1,6)=0+1 w6 w9 a[3,5)=3+4 b[2,21)=2+5 w30 end"),
        .init("count, incomplete at the end", CountWindows(3), "a@1 a@2 b@1 w5", "w5 end"),
        .init("count, by arrival and not by time", CountWindows(2), "a@5 a@-3 a@1 a@9", "a[-3,6)=0+1 a[1,10)=2+3 end"),
        .init("count of one", CountWindows(1), "a@5 a@5 b@1", "a[5,6)=0 a[5,6)=1 b[1,2)=2 end"),
        .init("count, sliding", CountWindows(3, every: 1), "a@1 a@2 a@3 a@4", "a[1,4)=0+1+2 a[2,5)=1+2+3 end"),
        .init(
            "count, sliding by a divisor", CountWindows(4, every: 2), "a@1 a@2 a@3 w3 a@4 a@5 w9 a@6 a@7",
            "w3 a[1,5)=0+1+2+3 w9 a[3,7)=2+3+4+5 end"),
        .init(
            "count, sliding by no divisor", CountWindows(3, every: 2), "a@1 a@2 a@3 a@4 b@1 a@5 a@6 a@7",
            "a[1,4)=0+1+2 a[3,6)=2+3+5 a[5,8)=5+6+7 end"),
        .init(
            "count, step above size", CountWindows(2, every: 3), "a@1 a@2 a@3 a@4 a@5 a@6 a@7",
            "a[1,3)=0+1 a[4,6)=3+4 end"),
        .init("count, nothing is late", CountWindows(2), "w50 a@1 a@7", "w50 a[1,8)=0+1 end"),
        .init(
            "count, one pane each", CountWindows(2), discarding: true, "a@1 a@2 a@3 a@4", "a[1,3)=0+1 a[3,5)=2+3 end"),
    ]

    private static func cumulating(_ size: Int, _ step: Int, offset: Int = 0) -> CumulatingWindows<Event> {
        CumulatingWindows(upTo: size.ms, every: step.ms, offset: offset.ms)
    }

    static let cumulating: [WindowScript] = [
        .init("cumulating", cumulating(10, 5), "a@1 a@7 w4 w8 w9", "a[0,5)=0 w4 w8 a[0,10)=0+1 w9 end"),
        .init("cumulating, a later step only", cumulating(10, 5), "a@7 b@5", "a[0,10)=0 b[0,10)=1 end"),
        .init(
            "cumulating, late for the steps that have ended", cumulating(10, 5), "a@1 w4 a@2 b@3 a@7 w9",
            "a[0,5)=0 w4 a[0,10)=0+1+3 b[0,10)=2 w9 end"),
        .init(
            "cumulating, late", cumulating(10, 5), "a@1 w9 a@8 a@10",
            "a[0,5)=0 a[0,10)=0 w9 & late 1 & a[10,15)=2 a[10,20)=2 end"),
        .init("cumulating, an offset", cumulating(10, 5, offset: 3), "a@3 a@8 a@12", "a[3,8)=0 a[3,13)=0+1+2 end"),
        .init(
            "cumulating, negative times and offset", cumulating(10, 5, offset: -1), "a@-11 a@-7 a@-6 a@-2",
            "a[-11,-6)=0+1 a[-11,-1)=0+1+2+3 end"),
        .init("cumulating by 1 ms", cumulating(2, 1), "a@0 w0 a@1 w1", "a[0,1)=0 w0 a[0,2)=0+1 w1 end"),
        .init(
            "cumulating, several stretches", cumulating(20, 5), "a@22 a@1 w100",
            "a[0,5)=1 a[0,10)=1 a[0,15)=1 a[0,20)=1 a[20,25)=0 a[20,30)=0 a[20,35)=0 a[20,40)=0 w100 end"),
        .init(
            "cumulating, steps of a stretch one by one", cumulating(20, 5), "a@1 w4 b@6 w9 w14 a@19 w15 w19",
            "a[0,5)=0 w4 a[0,10)=0 b[0,10)=1 w9 a[0,15)=0 b[0,15)=1 w14 w15 a[0,20)=0+2 b[0,20)=1 w19 end"),
        .init(
            "cumulating, lateness", cumulating(10, 5), lateness: 3, "a@1 w4 a@2 w7 a@3 w9 a@8 w12 a@9",
            "a[0,5)=0 w4 a[0,5)=0+1~1 w7 a[0,10)=0+1+2 w9 a[0,10)=0+1+2+3~1 w12 & late 4 & end"),
        .init(
            "cumulating, discarding", cumulating(10, 5), lateness: 3, discarding: true, "a@1 w4 a@2 a@6 w9",
            "a[0,5)=0 w4 a[0,5)=1~1 a[0,10)=0+1+2 w9 end"),
    ]

    private static func gaps(_ gaps: Int...) -> RecordGapSessionWindows<Event> {
        RecordGapSessionWindows { gaps[$0.id].ms }
    }

    static let recordGap: [WindowScript] = [
        .init("gaps, apart", gaps(10, 3), "a@0 a@12", "a[0,10)=0 a[12,15)=1 end"),
        .init("gaps, inside", gaps(20, 3), "a@0 a@12", "a[0,20)=0+1 end"),
        .init("gaps, backwards", gaps(3, 20, 5), "a@10 a@0 a@30", "a[0,20)=0+1 a[30,35)=2 end"),
        .init("gaps, exactly", gaps(5, 5), "a@5 a@0", "a[0,5)=1 a[5,10)=0 end"),
        .init("gaps, a bridge", gaps(5, 5, 20), "a@0 a@12 a@4", "a[0,24)=0+1+2 end"),
        .init(
            "gaps, late or not", gaps(10, 5, 10), "a@0 w12 a@3 a@4",
            "a[0,10)=0 w12 & late 1 & a[4,14)=2 end"),
        .init(
            "gaps, a fired session goes on", gaps(10, 30, 1), lateness: 20, "a@0 w9 a@5 w30 a@6 w34",
            "a[0,10)=0 w9 w30 a[0,35)=0+1+2#1 w34 end"),
    ]

    private static func bounded(_ gap: Int, _ maximum: Int) -> BoundedSessionWindows<Event> {
        BoundedSessionWindows(gap: gap.ms, maximum: maximum.ms)
    }

    static let bounded: [WindowScript] = [
        .init("bounded", bounded(10, 15), "a@0 a@8 a@14 a@15 a@16", "a[0,15)=0+1+2 a[15,26)=3+4 end"),
        .init("bounded, in disorder", bounded(10, 15), "a@16 a@14 a@0 a@15 a@8", "a[0,15)=1+2+4 a[15,26)=0+3 end"),
        .init("bounded, exactly the gap", bounded(10, 15), "a@10 a@0", "a[0,10)=1 a[10,20)=0 end"),
        .init("bounded, the gap above", bounded(20, 15), "a@0 a@14 a@15", "a[0,15)=0+1 a[15,30)=2 end"),
        .init("bounded, keys apart", bounded(10, 15), "a@0 b@5 a@9 b@20", "a[0,15)=0+2 b[5,15)=1 b[20,30)=3 end"),
        .init("bounded, at its maximum", bounded(10, 15), "a@0 a@8 w13 w14", "w13 a[0,15)=0+1 w14 end"),
        .init("bounded, negative times", bounded(10, 15), "a@-1 a@-15 a@-7", "a[-15,0)=0+1+2 end"),
        .init("bounded, behind the watermark, joins", bounded(10, 15), "a@0 w5 a@3 w12", "w5 a[0,13)=0+1 w12 end"),
        .init("bounded, behind the watermark, begins", bounded(10, 15), "a@20 w12 a@4", "w12 a[4,14)=1 a[20,30)=0 end"),
        .init("bounded, late", bounded(10, 15), "a@20 w12 a@3", "w12 & late 1 & a[20,30)=0 end"),
        .init("bounded, an earlier record fits", bounded(10, 15), "a@5 w6 a@0", "w6 a[0,15)=0+1 end"),
        .init("bounded, an earlier record doesn't", bounded(10, 15), "a@6 w7 a@0", "w7 & late 1 & a[6,16)=0 end"),
        .init(
            "bounded, nor within the lateness", bounded(10, 15), lateness: 20, "a@6 w7 a@0",
            "w7 a[0,6)=1~0 a[6,16)=0 end"),
        .init(
            "bounded, a fired session goes on", bounded(10, 15), lateness: 20, "a@0 w9 a@5 w20",
            "a[0,10)=0 w9 a[0,15)=0+1#1 w20 end"),
        .init(
            "bounded, again at once", bounded(10, 15), lateness: 20, "a@0 w20 a@5 w33 a@6 w36 a@7",
            "a[0,10)=0 w20 a[0,15)=0+1~1 w33 a[0,15)=0+1+2~2 w36 & late 3 & end"),
        .init(
            "bounded, discarding", bounded(10, 15), lateness: 20, discarding: true, "a@0 w9 a@5 w20 a@6",
            "a[0,10)=0 w9 a[0,15)=1#1 w20 a[0,15)=2~2 end"),
        .init(
            "bounded, two fired sessions join", bounded(10, 25), lateness: 30, "a@0 a@15 w30 a@7",
            "a[0,10)=0 a[15,25)=1 w30 a[0,25)=0+1+2~1 end"),
        .init(
            "bounded, two fired sessions don't fit", bounded(10, 24), lateness: 30, "a@0 a@15 w30 a@7",
            "a[0,10)=0 a[15,25)=1 w30 a[0,15)=0+2~1 end"),
    ]

    private static func berlin(_ unit: CalendarUnit) -> CalendarWindows<Event> {
        CalendarWindows(unit, in: "Europe/Berlin")
    }

    /// Records at the beginning, just before the end, and at it.
    private static func around(_ title: String, _ unit: CalendarUnit, _ start: Int, _ end: Int, _ after: Int)
        -> WindowScript
    {
        .init(
            title, berlin(unit), "a@\(end)000 a@\(start)000 w\(end)000 a@\(end)001",
            "a[\(start)000,\(end)000)=1 w\(end)000 a[\(end)000,\(after)000)=0+2 end")
    }

    static let calendar: [WindowScript] = [
        around("a day of 23 hours", .day, 1_711_839_600, 1_711_922_400, 1_711_922_400 + 86_400),
        around("a day of 25 hours", .day, 1_729_980_000, 1_730_070_000, 1_730_070_000 + 86_400),
        around("a day before one of 23 hours", .day, 1_711_839_600 - 86_400, 1_711_839_600, 1_711_922_400),
        around("a week", .week(), 1_711_321_200, 1_711_922_400, 1_711_922_400 + 7 * 86_400),
        around("a month", .month, 1_709_247_600, 1_711_922_400, 1_714_514_400),
        .init(
            "days, offset in winter and summer", berlin(.day), "a@1711839599999 a@1711839600000 b@1711922399999",
            "a[1711753200000,1711839600000)=0 a[1711839600000,1711922400000)=1 b[1711839600000,1711922400000)=2 end"),
        .init(
            "days, lateness", berlin(.day), lateness: 10, "a@1711839600000 w1711922399999 a@5 a@1711922399999",
            "a[1711839600000,1711922400000)=0 w1711922399999 & late 1 & a[1711839600000,1711922400000)=0+2~1 end"),
        .init(
            "days, discarding", berlin(.day), lateness: 10, discarding: true,
            "a@1711839600000 w1711922399999 a@1711922399999",
            "a[1711839600000,1711922400000)=0 w1711922399999 a[1711839600000,1711922400000)=1~1 end"),
    ]
}
