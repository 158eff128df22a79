import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The code of Docs/guides/windows.md.
@Suite struct WindowsGuide {
    // snippet: visits
    struct Visit: EventTimed, Codable {
        var user = "", shop = "", page = ""
        var milliseconds = 0
        var spend: Int64 = 0
        var patience = 30
        var eventTime: Timestamp = 0
    }

    func perMinute(_ visits: DataStream<Visit>) -> DataStream<Pane<String, (Int, Int64)>> {
        visits.keyBy(\.shop)
            .window(.tumbling(.seconds(60)), allowedLateness: .seconds(30))  // which records, and for how long
            .trigger(.early(every: .seconds(10)))  // when
            .discarding()  // the news only, not the whole
            .aggregate("per minute", .count(), .sum(\.spend))  // what
    }
    // end snippet

    // snippet: opening
    /// Ten hours from 8 o'clock UTC; what is between is in no window.
    struct OpeningHours: Windowing {
        typealias Element = Visit
        func assign(_ visit: Visit, at time: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
            let opens = time.floored(to: 86_400_000, offset: 28_800_000)
            if time < opens + 36_000_000 { try body(TimeWindow(start: opens, end: opens + 36_000_000)) }
        }
    }
    // end snippet

    // snippet: spender
    /// Fires at the first visit that makes it 1,000 in all, and at the end.
    struct BigSpender: Trigger {
        typealias Element = Visit
        typealias State = Int64
        func makeState() -> Int64 { 0 }
        func onElement(
            _ visit: Visit, at time: Timestamp, in window: TimeWindow, _ spent: inout Int64,
            _ context: inout TriggerContext
        ) -> TriggerResult {
            context.wake(at: window.maxTimestamp)
            let before = spent
            spent += visit.spend
            return before < 1_000 && spent >= 1_000 ? .fire : .goOn
        }
        func onEventTime(
            _ time: Timestamp, in window: TimeWindow, _ spent: inout Int64, _ context: inout TriggerContext
        ) -> TriggerResult { .fire }
        func onMerge(
            _ other: Int64, into window: TimeWindow, _ spent: inout Int64, _ context: inout TriggerContext
        ) {
            spent += other
            context.wake(at: window.maxTimestamp)
        }
    }
    // end snippet

    private let input = TestInput<Visit>("visits")
    private let log = TextLog()

    private func send(_ times: Timestamp..., spend: Int64 = 1) {
        for time in times { input.send(Visit(user: "ann", shop: "s", page: "p\(time)", spend: spend), at: time) }
    }

    @Test func earlyPanesCarryTheNews() throws {
        let test = try TestPipeline { p in
            perMinute(p.input(input)).texts("panes", in: log) { "\($0.value.0) \($0.kind)" }
        }
        send(1_000, 2_000)
        input.watermark(10_000)
        send(12_000)
        input.watermark(59_999)
        send(13_000)
        input.watermark(89_999)
        send(14_000)
        try test.settle()
        #expect(log.take() == ["2 early", "1 early", "1 late"])
        #expect(test.status["per minute"]?.late == 1)
    }

    @Test func everyShape() throws {
        let lateFile = CollectSink<Visit>()
        let test = try TestPipeline { p in
            let visits = p.input(input)
            // snippet: shapes
            let byUser = visits.keyBy(\.user)
            let tumbling = byUser.window(.tumbling(.seconds(60), offset: .seconds(15))).aggregate("tumbling", .count())
            let sliding = byUser.window(.sliding(.seconds(60), every: .seconds(20))).aggregate("sliding", .count())
            let soFar = byUser.window(.cumulating(upTo: .seconds(86_400), every: .seconds(3_600)))
                .aggregate("today so far", .count())
            let months = byUser.window(.calendar(.month, in: "Europe/Berlin")).aggregate("months", .sum(\.spend))
            let sessions = byUser.window(.session(gap: .seconds(1_800))).aggregate("sessions", .count())
            let fourHours = byUser.window(.session(gap: .seconds(1_800), maximum: .seconds(14_400)))
                .aggregate("four hours", .count())
            let patience = byUser.window(RecordGapSessionWindows { .seconds($0.patience) })
                .aggregate("patience", .count())
            let hundreds = byUser.window(.count(100)).aggregate("hundreds", .average(\.milliseconds))
            let lastHundred = byUser.window(.count(100, every: 10)).aggregate("last hundred", .average(\.milliseconds))
            let all = byUser.window(.global()).aggregate("all", .count())
            // end snippet
            let hours = byUser.window(OpeningHours()).aggregate("hours", .count())
            // snippet: late
            let late = SideOutput<Visit>("late")
            let counts = byUser.window(
                .session(gap: .seconds(1_800)), allowedLateness: .seconds(60), late: .sideOutput(late)
            )
            .aggregate("counts", .count())
            counts.sideOutput(late).write("late", to: lateFile)
            // end snippet
            func ends(_ name: String, _ panes: DataStream<Pane<String, Int>>) {
                panes.texts(name, in: log) { "\(name) \($0.window.end / 1_000): \($0.value)" }
            }
            ends("tumbling", tumbling)
            ends("sliding", sliding)
            ends("so far", soFar.filter { $0.window.end <= 7_200_000 })
            months.texts("months", in: log) { "month to \(formatTimestamp($0.window.end)): \($0.value)" }
            ends("sessions", sessions)
            ends("four hours", fourHours)
            ends("patience", patience)
            hundreds.texts("hundreds", in: log)
            lastHundred.texts("last hundred", in: log)
            all.texts("all", in: log) { "all: \($0.value)" }
            ends("hours", hours)
            counts.texts("counts", in: log) { "counts: \($0.value)" }
        }
        send(10_000, 30_000)
        input.watermark(1_890_000)
        send(5_000)
        input.end()
        try test.settle()
        let expected = [
            "all: 3", "counts: 2", "four hours 1830: 2", "month to 1970-01-31T23:00:00.000Z: 3",
            "patience 60: 2", "sessions 1830: 2", "sliding 20: 1", "sliding 40: 2", "sliding 60: 2", "sliding 80: 1",
            "so far 3600: 3", "so far 7200: 3", "tumbling 15: 1", "tumbling 75: 1",
        ]
        #expect(log.take().sorted() == expected)
        #expect(lateFile.elements.map(\.page) == ["p5000"])
    }

    @Test func triggers() throws {
        let test = try TestPipeline { p in
            let byUser = p.input(input).keyBy(\.user)
            // snippet: chunks
            let chunks = byUser.window(.global())
                .trigger(.any(.count(1_000), .processingTime(after: .seconds(5))))  // whichever comes first
                .discarding()
                .aggregate("chunks", .collect(\.page, limit: 1_000))
            // end snippet
            chunks.texts("chunks", in: log) { "\($0.value.values)" }
            byUser.window(.tumbling(.seconds(60))).trigger(BigSpender()).aggregate("spenders", .sum(\.spend))
                .texts("spenders", in: log) { "spent \($0.value) \($0.kind)" }
        }
        send(1_000, spend: 600)
        try test.settle()
        #expect(log.take() == [])
        send(2_000, spend: 600)
        try test.settle()
        #expect(log.take() == ["spent 1200 early"])
        try test.advanceProcessingTime(by: .seconds(5))
        #expect(log.take() == [#"["p1000", "p2000"]"#])
        send(3_000, spend: 1)
        input.end()
        try test.settle()
        #expect(log.take().sorted() == [#"["p3000"]"#, "spent 1201 onTime"])
    }

    @Test func evictorsAndProcess() throws {
        let slowLog = TextLog()
        let test = try TestPipeline { p in
            let byUser = p.input(input).keyBy(\.user)
            // snippet: evictors
            let lastTen = byUser.window(.tumbling(.seconds(60))).evict(.count(10))
                .aggregate("last ten", .average(\.milliseconds))
            let dearest = byUser.window(.tumbling(.seconds(60))).evict(.time(.seconds(5)))
                .reduce("dearest") { $0.spend < $1.spend ? $1 : $0 }
            // end snippet
            lastTen.texts("last ten", in: log) { "average \($0.value)" }
            dearest.texts("dearest", in: log) { "dearest \($0.value.spend)" }
            // snippet: process
            let slow = SideOutput<Visit>("slow")
            let paths = byUser.window(.session(gap: .seconds(1_800))).process("paths", as: String.self) {
                visits, window in
                let path = visits.map(\.element.page).joined(separator: " > ")
                try window.emit("\(window.key) from \(window.window.start): \(path)")
                for visit in visits where visit.element.milliseconds > 1_000 {
                    try window.emit(visit.element, to: slow)
                }
            }
            // end snippet
            paths.texts("paths", in: log)
            paths.sideOutput(slow).texts("slow", in: slowLog, \.page)
        }
        input.send(Visit(user: "ann", page: "c", milliseconds: 2_200, spend: 2), at: 20_000)
        input.send(Visit(user: "ann", page: "a", spend: 9), at: 1_000)
        for i in 0..<9 { input.send(Visit(user: "ann", page: "\(i)", spend: 1), at: 21_000 + Timestamp(i)) }
        input.end()
        try test.settle()
        let path = "ann from 1000: a > c > 0 > 1 > 2 > 3 > 4 > 5 > 6 > 7 > 8"
        #expect(log.take().sorted() == [path, "average 220.0", "dearest 2"])
        #expect(slowLog.take() == ["c"])
    }
}
