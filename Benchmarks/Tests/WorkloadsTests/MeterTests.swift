import Testing
import Workloads

struct MeterTests {
    @Test func steadyStateIsTheLast60PercentOfEachSource() throws {
        let meter = Meter(events: 101, sources: 2)  // 51 and 50, warm-up 20 each
        #expect(meter.measurement == nil)
        meter.started()
        for _ in 0..<5 {
            meter.source(0).emitted(10)
            meter.source(1).emitted(10)
        }
        meter.finished()
        #expect(meter.measurement == nil, "an event is missing")
        meter.source(0).emitted(1)
        #expect(meter.emitted == 101)
        let figures = try #require(meter.measurement)
        #expect(figures.steadyEvents == 61)
        #expect(figures.run > 0)
        #expect(figures.steadyWall > 0 && figures.steadyWall < Double(figures.run))
        #expect(figures.steadyCPU >= 0)
    }

    /// With fewer than three events per source there is no warm-up.
    @Test func tinyRun() throws {
        let meter = Meter(events: 1, sources: 1)
        meter.started()
        meter.source(0).emitted(1)
        meter.finished()
        #expect(try #require(meter.measurement).steadyEvents == 1)
    }
}
