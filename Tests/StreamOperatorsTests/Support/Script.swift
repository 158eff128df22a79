import StreamTesting
import Weir

/// Reads a script such as `a@5 b@-3 w9 a@4 | a@7`: records of keys a and b, a watermark, the end of a batch.
///
/// Events are numbered in their order.
func script(_ text: String, firstID: Int = 0) -> [ScriptStep<Event>] {
    var id = firstID
    return text.split(separator: " ").map { word in
        if word == "|" { return .batchEnd }
        if word == "idle" { return .caughtUp }
        if word.first == "w", let time = Timestamp(word.dropFirst()) { return .watermark(time) }
        let parts = word.split(separator: "@")
        precondition(parts.count == 2, "a script has words like a@5 and w9, not \(word)")
        guard let time = Timestamp(parts[1]) else { preconditionFailure("no time in \(word)") }
        defer { id += 1 }
        return .record(Event(id: id, key: String(parts[0]), time: time), at: time)
    }
}

/// `a[0,10)=0+1`: key, window and events; `~2` for a late pane of revision 2, `#2` for one on time.
func text(_ pane: Pane<String, [Int]>) -> String {
    func bound(_ time: Timestamp) -> String { time == .min ? "min" : time == .max ? "max" : "\(time)" }
    let ids = pane.value.map(String.init).joined(separator: "+")
    let revision =
        switch pane.kind {
        case .late: "~\(pane.revision)"
        case .early: "^\(pane.revision)"
        case .onTime: pane.revision == 0 ? "" : "#\(pane.revision)"
        }
    return "\(pane.key)[\(bound(pane.window.start)),\(bound(pane.window.end)))=\(ids)\(revision)"
}

/// Events as words: records as they are, watermarks as `w9`, the one at the end as `end`.
///
/// Between two watermarks records are sorted by their first letter, the key's: the order of keys is left open. Late
/// records, `late 3`, come before them.
func words(_ events: [OutputEvent<String>]) -> [String] {
    var words: [String] = []
    var segment: [String] = []
    for event in events {
        switch event {
        case .record(let word, _): segment.append(word)
        case .signal(.watermark(let time)):

            words += stablySorted(segment) + [time == .max ? "end" : "w\(time)"]
            segment = []
        case .signal: break
        }
    }
    return words + stablySorted(segment)
}

private func stablySorted(_ words: [String]) -> [String] {
    let late = words.filter { $0.hasPrefix("late") }
    let panes = words.filter { !$0.hasPrefix("late") }
    let keys = Set(panes.map { $0.prefix(1) }).sorted()
    return late + keys.flatMap { key in panes.filter { $0.prefix(1) == key } }
}
