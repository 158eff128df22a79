import AdAnalyticsJob
import Foundation
import Weir

/// Shows how far a job is: one line that is drawn again on a terminal, a plain line now and then elsewhere.
struct Progress: Sendable {
    let job: Job
    let isQuiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let began = ContinuousClock.now

    init(job: Job, isQuiet: Bool) {
        self.job = job
        self.isQuiet = isQuiet
    }

    /// Shows progress while `body` runs.
    func show<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        guard !isQuiet else { return try await body() }
        let painter = Task {
            while true {
                try await Task.sleep(for: isTerminal ? .milliseconds(200) : .seconds(5))
                paint()
            }
        }
        defer { painter.cancel() }
        return try await body()
    }

    /// Draws the last state, on a line of its own.
    func finish() {
        guard !isQuiet else { return }
        paint()
        if isTerminal { write("\n") }
    }

    private func paint() {
        let status = job.status
        let accounting = AdAnalyticsReport.Accounting(status)
        let seconds = max(Double((ContinuousClock.now - began).milliseconds) / 1_000, 0.001)
        let source = status[AdAnalyticsPipeline.Step.source]
        let line =
            "\(accounting.read) events, \(Int(Double(accounting.read) / seconds))/s, event time "
            + "\(time(source?.newest)), watermark \(time(source?.watermark)), \(accounting.late) late, "
            + "\(accounting.deadLetters) malformed"
        write(isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
    }

    private func time(_ time: Timestamp?) -> String {
        switch time {
        case nil, .some(.min): "-"
        case .some(.max): "end"
        case .some(let time): formatTimestamp(time)
        }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
