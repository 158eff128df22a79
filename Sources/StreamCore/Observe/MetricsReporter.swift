internal import Metrics
internal import Synchronization

/// Publishes a job's counters to swift-metrics, now and then and at the end.
///
/// Counters `weir.records.in`, `weir.records.out`, `weir.records.late`, `weir.records.rejected` and the gauge
/// `weir.watermark` (ms), each with the dimensions `job` and `step`. This is the one file that sleeps: at the edge.
final class MetricsReporter: Sendable {
    private let published = Mutex<JobStatus?>(nil)
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init(job: JobAttempt, interval: Duration) {
        let task = Task { [weak self, weak job] in
            while true {
                do { try await Task.sleep(for: interval) } catch { return }
                guard let self, let job else { return }
                publish(job)
            }
        }
        timer.withLock { $0 = task }
    }

    /// Publishes what is left of `job`'s counters and ends.
    func stop(_ job: JobAttempt) {
        timer.withLock { $0?.cancel() }
        publish(job)
    }

    private func publish(_ job: JobAttempt) {
        published.withLock { published in
            let now = job.status
            Self.publish(now, since: published, job: job.name)
            published = now
        }
    }

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
