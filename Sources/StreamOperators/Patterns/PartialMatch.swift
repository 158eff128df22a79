public import StreamCore

/// What a match holds so far, as a condition sees it.
///
/// A view that is made without copying; reading a stage walks back through the match's events.
public struct PartialMatch<Element: Sendable> {
    @usableFromInline let nodes: [PatternState<Element>.Node]
    @usableFromInline let events: [PatternState<Element>.Held]
    @usableFromInline let head: Int32
    @usableFromInline let names: [String]

    @inlinable
    init(_ state: PatternState<Element>, head: Int32, names: [String]) {
        nodes = state.nodes
        events = state.events
        self.head = head
        self.names = names
    }

    /// The events that a stage has taken, in their order; empty when it has none, or there is no such stage.
    public subscript(stage: String) -> [Element] {
        var found: [Element] = []
        forEachBackwards { index, event in
            if names[index] == stage, let element = event.element { found.append(element) }
        }
        return found.reversed()
    }

    /// All events so far, in their order.
    public var elements: [Element] {
        var found: [Element] = []
        forEachBackwards { _, event in if let element = event.element { found.append(element) } }
        return found.reversed()
    }

    /// The last event so far; nil for a stage that begins the match.
    public var last: Element? { head < 0 ? nil : events[Int(nodes[Int(head)].event)].element }

    /// The time of the first event so far; nil for a stage that begins the match.
    public var start: Timestamp? {
        var start: Timestamp?
        forEachBackwards { _, event in start = event.time }
        return start
    }

    /// Calls `body` with the stage and event of each node, the last one first.
    @usableFromInline
    func forEachBackwards(_ body: (Int, PatternState<Element>.Held) -> Void) {
        var index = head
        while index >= 0 {
            let node = nodes[Int(index)]
            body(Int(node.stage), events[Int(node.event)])
            index = node.previous
        }
    }

    /// The match, made of copies.
    @usableFromInline
    var match: PatternMatch<Element> {
        var stages: [PatternMatch<Element>.Stage] = []
        var elements: [Element] = []
        var current = -1
        var start = Timestamp.min
        var end: Timestamp?
        func close() {
            if current >= 0 {
                stages.append(PatternMatch<Element>.Stage(name: names[current], elements: elements.reversed()))
            }
        }
        forEachBackwards { stage, event in
            if stage != current {
                close()
                current = stage
                elements = []
            }
            if let element = event.element { elements.append(element) }
            start = event.time
            end = end ?? event.time
        }
        close()
        return PatternMatch(stages: stages.reversed(), start: start, end: end ?? start)
    }
}
