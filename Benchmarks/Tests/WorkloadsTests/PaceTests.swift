import Testing
import Workloads

struct PaceTests {
    /// All of it was due long ago: as many as fit, and no more than there are below the time that has passed.
    @Test func whatIsDueIsLetGo() {
        var pace = SourcePace(perSecond: 1e9, start: 0)
        #expect(pace.allowance(next: 0, stride: 1, most: 1024) == 1024)
        #expect(pace.allowance(next: 1024, stride: 4, most: 10) == 10)
        var slow = SourcePace(perSecond: 1e-9, start: 0)
        #expect(slow.allowance(next: 0, stride: 1, most: 1024) == 1)
    }

    /// The sources of a pace share its events.
    @Test func aSourceCountsItsOwnEvents() {
        // An event in 10 s since the machine's start.
        var pace = SourcePace(perSecond: 0.1, start: 0)
        let all = pace.allowance(next: 0, stride: 1, most: .max)
        var share = 0
        for source in 0..<4 as Range<Int64> {
            var own = SourcePace(perSecond: 0.1, start: 0, parallelism: 4)
            share += own.allowance(next: source, stride: 4, most: .max)
        }
        #expect(share == all || share == all + 1, "\(share) of \(all)")
        #expect(pace.due(2) == 20_000_000_000)
    }

    /// What is due in a thousand years is not waited for.
    @Test func nothingIsDue() {
        var pace = SourcePace(perSecond: 1, start: 1 << 60)
        for _ in 0..<3 { #expect(pace.allowance(next: 0, stride: 1, most: 1024) == 0) }
    }

    @Test func onlyWindowsThatCloseInTimeCount() throws {
        var parameters = RunParameters(events: 10_000, rate: 1000, users: 1)  // 10 s of event time
        let meter = Meter(events: 10_000, sources: 1)
        #expect(WindowLag(parameters, meter) == nil)
        #expect(SourcePace(parameters, meter) == nil)
        parameters.throttle = 2000  // twice as fast as event time
        parameters.measuresLatency = true
        let lag = try #require(WindowLag(parameters, meter))
        let origin = EventClock.origin
        #expect(lag.due(windowEnd: origin + 3999) == nil)
        #expect(lag.due(windowEnd: origin + 4000) == meter.paceStart + 2_000_000_000)
        #expect(lag.due(windowEnd: origin + 10_000) == meter.paceStart + 5_000_000_000)
        #expect(lag.due(windowEnd: origin + 10_001) == nil)
    }
}
