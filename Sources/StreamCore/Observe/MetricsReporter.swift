internal import Metrics

/// Publishes a job's counters to swift-metrics, now and then and at the end.
///
/// Counters `weir.records.in`, `weir.records.out`, `weir.records.late`, `weir.records.rejected` and the gauge
/// `weir.watermark` (ms), each with the dimensions `job` and `step`. This is the one file that sleeps: at the edge.
struct MetricsReporter: Sendable {
    private let task: Task<Void, Never>

    init(job: Job, interval: Duration) {
        task = Task { [weak job] in
            var before: JobStatus?
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                guard let job else { return }
                let now = job.status
                Self.publish(now, since: before, job: job.name)
                before = now
            }
        }
    }

    /// Publishes what is left and ends.
    func stop() { task.cancel() }

    private static func publish(_ now: JobStatus, since before: JobStatus?, job: String) {
        for (index, step) in now.steps.enumerated() {
            let last = before?.steps[index]
            let dimensions = [("job", job), ("step", step.name)]
            func count(_ name: String, _ path: KeyPath<JobStatus.Step, Int>) {
                let change = step[keyPath: path] - (last?[keyPath: path] ?? 0)
                if change > 0 { Counter(label: name, dimensions: dimensions).increment(by: change) }
            }
            count("weir.records.in", \.recordsIn)
            count("weir.records.out", \.recordsOut)
            count("weir.records.late", \.late)
            count("weir.records.rejected", \.rejected)
            if step.watermark > .min && step.watermark < .max {
                Gauge(label: "weir.watermark", dimensions: dimensions).record(step.watermark)
            }
        }
    }
}
