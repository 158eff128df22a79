import CoreMetrics
import StreamConnectors
import StreamCore
import StreamOperators
import Synchronization
import Testing

/// Keeps what is published, by label and dimensions.
final class RecordedMetrics: MetricsFactory {
    private let values = Mutex<[String: Double]>([:])

    /// The process has one metrics system, which is set up once.
    static let installed: RecordedMetrics = {
        let metrics = RecordedMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()

    func value(_ label: String, job: String, step: String) -> Double? {
        values.withLock { $0[Self.key(label, [("job", job), ("step", step)])] }
    }

    private static func key(_ label: String, _ dimensions: [(String, String)]) -> String {
        label + dimensions.map { " \($0)=\($1)" }.joined()
    }

    fileprivate func change(_ key: String, _ body: (Double?) -> Double) {
        values.withLock { $0[key] = body($0[key]) }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(metrics: self, key: Self.key(label, dimensions))
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Handler(metrics: self, key: Self.key(label, dimensions))
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Handler(metrics: self, key: Self.key(label, dimensions))
    }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
        let metrics: RecordedMetrics
        let key: String

        init(metrics: RecordedMetrics, key: String) {
            self.metrics = metrics
            self.key = key
        }

        func increment(by amount: Int64) { metrics.change(key) { ($0 ?? 0) + Double(amount) } }
        func reset() { metrics.change(key) { _ in 0 } }
        func record(_ value: Int64) { metrics.change(key) { _ in Double(value) } }
        func record(_ value: Double) { metrics.change(key) { _ in value } }
        func recordNanoseconds(_ duration: Int64) { metrics.change(key) { _ in Double(duration) } }
    }
}

@Suite struct MetricsTests {
    private func pipeline(_ name: String, _ script: [ScriptedSource<Timestamp>.Action]) throws -> Pipeline {
        try Pipeline(name) { p in
            p.source("times", ScriptedSource(script), time: { $0 }, watermarks: .monotonous(lateness: .atSource))
                .filter("some") { $0 != 30 }.write("sink", to: CollectSink())
        }
    }

    @Test(arguments: [Duration.milliseconds(1), .seconds(3_600)])
    func countersArePublishedWhenTheJobEnds(interval: Duration) async throws {
        let metrics = RecordedMetrics.installed
        let job = "metrics each \(interval.milliseconds)"
        var options = RunCase.some[0].options
        options.metricsInterval = interval
        let letter = DeadLetter(source: "", offset: 0, reason: "", bytes: [])
        // 15 is late behind 20.
        let status = try await pipeline(job, [.emit([10, 20, 15, 30]), .reject(letter), .emit([40])]).run(options)
        for step in ["times", "some", "sink"] {
            for (label, count) in [
                ("in", status[step]?.recordsIn), ("out", status[step]?.recordsOut), ("late", status[step]?.late),
                ("rejected", status[step]?.rejected),
            ] {
                let published = metrics.value("weir.records.\(label)", job: job, step: step) ?? 0
                #expect(published == Double(count ?? -1), "\(label) of \(step)")
            }
        }
        #expect(status["times"]?.recordsIn == 6 && status["times"]?.late == 1 && status["times"]?.rejected == 1)
        #expect(status["some"]?.recordsIn == 4 && status["some"]?.recordsOut == 3)
    }

    @Test func watermarkIsPublishedWhileTheJobRuns() async throws {
        let metrics = RecordedMetrics.installed
        let gate = Gate()
        var options = RunCase.some[0].options
        options.metricsInterval = .milliseconds(1)
        let job = try pipeline("running", [.emit([10, 25]), .wait(gate)]).start(options)
        #expect(await eventually { metrics.value("weir.watermark", job: "running", step: "sink") == 24 })
        #expect(await eventually { metrics.value("weir.records.in", job: "running", step: "sink") == 2 })
        gate.open()
        try await job.wait()
        // +∞ is no time.
        #expect(metrics.value("weir.watermark", job: "running", step: "sink") == 24)
    }
}
