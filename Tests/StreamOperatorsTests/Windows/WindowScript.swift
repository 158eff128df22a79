import StreamTesting
import Testing
import Weir

/// One case for any shape, trigger and function: input, and what must come out, in this order; see ``WindowCase``.
struct WindowScript: Sendable, CustomTestStringConvertible {
    let title: String
    let input: String
    let output: String
    let attach: @Sendable (DataStream<Event>) -> DataStream<String>

    var testDescription: String { title }

    init(
        _ title: String, _ input: String, _ output: String,
        _ attach: @escaping @Sendable (DataStream<Event>) -> DataStream<String>
    ) {
        self.title = title
        self.input = input
        self.output = output
        self.attach = attach
    }

    /// Windows of a shape, emitted by the default trigger.
    init<Windows: Windowing>(
        _ title: String, _ windowing: Windows, lateness: Int = 0, discarding: Bool = false, _ input: String,
        _ output: String
    ) where Windows.Element == Event {
        self.init(title, input, output) { events in
            Self.panes(events, windowing, lateness) { discarding ? $0.discarding() : $0 }
        }
    }

    /// Windows of a shape with a trigger.
    init<Windows: Windowing, Firing: Trigger>(
        _ title: String, _ windowing: Windows, lateness: Int = 0, _ trigger: Firing, discarding: Bool = false,
        _ input: String, _ output: String
    ) where Windows.Element == Event, Firing.Element == Event {
        self.init(title, input, output) { events in
            Self.panes(events, windowing, lateness) { windows in
                discarding ? windows.trigger(trigger).discarding() : windows.trigger(trigger)
            }
        }
    }

    /// Windows of a shape with an evictor.
    init<Windows: Windowing, Removal: Evictor>(
        _ title: String, _ windowing: Windows, lateness: Int = 0, evict evictor: Removal, _ input: String,
        _ output: String
    ) where Windows.Element == Event, Removal.Element == Event {
        self.init(title, input, output) { events in
            Self.panes(events, windowing, lateness) { $0.evict(evictor) }
        }
    }

    /// Panes of the events' numbers; the late records come out as words among them.
    static func panes<Windows: Windowing, Firing: Trigger>(
        _ events: DataStream<Event>, _ windowing: Windows, _ lateness: Int = 0,
        _ change: (WindowedStream<String, Windows, EventTimeTrigger<Event>>) -> WindowedStream<String, Windows, Firing>
    ) -> DataStream<String> {
        let late = SideOutput<Event>("late")
        let windows = events.keyBy { $0.key }
            .window(windowing, allowedLateness: .milliseconds(lateness), late: .sideOutput(late))
        let panes = change(windows).aggregate("windows", CollectIDs())
        return panes.map { text($0) }.union("all", panes.sideOutput(late).map { "late \($0.id)" })
    }

    /// Plays the script in every way that must make no difference.
    func check() async throws {
        let expected = output.split(separator: " & ").flatMap { part in
            part.hasPrefix("late") ? [String(part)] : part.split(separator: " ").map(String.init)
        }
        let steps = script(input)
        let harness = OperatorHarness<Event, String> { attach($0) }
        for batchSize in [1, 2, 1_024] {
            let result = try await harness.run(steps, batchSize: batchSize)
            #expect(words(result.events) == expected, "batches of \(batchSize)")
            #expect((result.status["windows"]?.late ?? 0) == expected.count { $0.hasPrefix("late") })
        }
        // With a snapshot that is restored after every step, too.
        #expect(words(try harness.verify(steps)) == expected)
        // Which records an early pane has depends on how far the watermark has come to the step.
        let isByProgress = output.contains("^") && input.contains("w")
        guard !hasRecordsBehindTheWatermark(steps) && !isByProgress else { return }
        let panes = expected.filter { $0.contains("=") }.sorted()
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: UInt64(input.utf8.count)).run { p, sink in
            attach(p.script("script", [steps])).write("out", to: sink)
        }
        for run in runs { #expect(run.elements.sorted() == panes, "\(run.variant)") }
    }
}

/// Whether the results of a script may depend on how far other workers have come.
func hasRecordsBehindTheWatermark(_ steps: [ScriptStep<Event>]) -> Bool {
    var watermark = Timestamp.min
    for step in steps {
        if case .watermark(let time) = step { watermark = max(watermark, time) }
        if case .record(_, let time) = step, time <= watermark { return true }
    }
    return false
}
