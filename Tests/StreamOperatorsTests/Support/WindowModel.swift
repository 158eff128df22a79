import StreamTesting
import Weir

/// What windows of the default trigger must emit, worked out step by step by the contract: every pane with its kind and
/// revision, and which records are late.
struct WindowModel {
    private struct Open {
        var window: TimeWindow
        var ids: [Int]
        var panes = 0
        var hasFired = false
    }

    let windows: TestWindows
    let lateness: Int64
    let isDiscarding: Bool
    private var open: [String: [Open]] = [:]
    private var watermark = Timestamp.min
    /// Between two watermarks, sorted.
    private(set) var segments: [[String]] = [[]]

    init(_ windows: TestWindows, lateness: Int64, isDiscarding: Bool) {
        self.windows = windows
        self.lateness = lateness
        self.isDiscarding = isDiscarding
    }

    mutating func play(_ steps: [ScriptStep<Event>]) {
        for step in steps {
            switch step {
            case .record(let event, _): add(event)
            case .watermark(let time): if time > watermark { advance(to: time) }
            case .batchEnd, .caughtUp: break
            }
        }
        advance(to: .max)
        for index in segments.indices { segments[index].sort() }
    }

    private func isClosed(_ window: TimeWindow) -> Bool { window.end - 1 + lateness <= watermark }

    private mutating func add(_ event: Event) {
        let assigned = windows.windows([event]).map(\.window)
        guard !assigned.isEmpty else { return }
        var own = open[event.key] ?? []
        var isTaken = false
        for window in assigned {
            var whole = Open(window: window, ids: [])
            if windows.merges {
                let touched = own.filter { $0.window.start < window.end && window.start < $0.window.end }
                if touched.isEmpty && isClosed(window) { continue }
                own.removeAll { $0.window.start < window.end && window.start < $0.window.end }
                for other in touched {
                    whole.window.start = min(whole.window.start, other.window.start)
                    whole.window.end = max(whole.window.end, other.window.end)
                    whole.ids += other.ids
                    whole.panes = max(whole.panes, other.panes)
                }
            } else {
                if isClosed(window) { continue }
                if let index = own.firstIndex(where: { $0.window == window }) { whole = own.remove(at: index) }
            }
            isTaken = true
            whole.ids.append(event.id)
            whole.hasFired = false
            if whole.window.end - 1 <= watermark { fire(&whole, .late, event.key) }
            own.append(whole)
        }
        if !isTaken { segments[segments.count - 1].append("late \(event.id)") }
        open[event.key] = own
    }

    private mutating func fire(_ whole: inout Open, _ kind: PaneKind, _ key: String) {
        whole.hasFired = true
        guard !whole.ids.isEmpty else { return }
        let pane = Pane(
            key: key, window: whole.window, value: whole.ids.sorted(), kind: kind, revision: Int32(whole.panes))
        segments[segments.count - 1].append(text(pane))
        whole.panes += 1
        if isDiscarding { whole.ids = [] }
    }

    private mutating func advance(to time: Timestamp) {
        watermark = time
        for key in open.keys {
            var own = open[key] ?? []
            for index in own.indices where !own[index].hasFired && own[index].window.end - 1 <= time {
                fire(&own[index], .onTime, key)
            }
            open[key] = own.filter { !isClosed($0.window) }
        }
        segments.append([])
    }
}
