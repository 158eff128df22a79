public import StreamCore

/// What a ``PatternMatcher`` remembers of one key: events that wait for the watermark, and partial matches.
///
/// Partial matches share events and histories: each points to its last event's node, a node to the one before it, and
/// both are counted, so that a branch costs a node and not a copy of the match.
///
/// Invariants: (1) `partials` and `completed` are in the order of their first events; (2) a node's count is the number
/// of nodes, partial and completed matches that point to it, an event's that of nodes; (3) what has count 0 is in a free
/// list.
public struct PatternState<Element: Sendable>: Sendable {
    /// An event that waits for the watermark.
    @usableFromInline
    struct Waiting: Sendable {
        @usableFromInline let time: Timestamp
        @usableFromInline let element: Element

        @inlinable
        init(time: Timestamp, element: Element) {
            self.time = time
            self.element = element
        }
    }

    /// A partial match, or one that is complete and waits for its turn.
    @usableFromInline
    struct Partial: Sendable {
        /// The automaton's state.
        @usableFromInline let state: Int32
        /// The last event's node; -1 for none.
        @usableFromInline let node: Int32
        /// The first event's time.
        @usableFromInline let start: Timestamp
        /// The first event's number.
        @usableFromInline let sequence: Int64

        @inlinable
        init(state: Int32, node: Int32, start: Timestamp, sequence: Int64) {
            self.state = state
            self.node = node
            self.start = start
            self.sequence = sequence
        }
    }

    /// An event in a match's history.
    @usableFromInline
    struct Node: Sendable {
        @usableFromInline let event: Int32
        @usableFromInline let stage: Int32
        /// The node before this one, or, of a free node, the next free one; -1 for none.
        @usableFromInline var previous: Int32
        @usableFromInline var references: Int32

        @inlinable
        init(event: Int32, stage: Int32, previous: Int32, references: Int32) {
            self.event = event
            self.stage = stage
            self.previous = previous
            self.references = references
        }
    }

    /// An event that partial matches hold.
    @usableFromInline
    struct Held: Sendable {
        /// nil while it is free.
        @usableFromInline var element: Element?
        @usableFromInline let time: Timestamp
        /// The event's number among the key's; of a free one, the index of the next free one.
        @usableFromInline var sequence: Int64
        @usableFromInline var references: Int32

        @inlinable
        init(element: Element, time: Timestamp, sequence: Int64, references: Int32) {
            self.element = element
            self.time = time
            self.sequence = sequence
            self.references = references
        }
    }

    /// In the order of their times, those of equal time in the order of arrival.
    @usableFromInline var waiting: [Waiting] = []
    @usableFromInline var partials: [Partial] = []
    @usableFromInline var completed: [Partial] = []
    @usableFromInline var nodes: [Node] = []
    @usableFromInline var events: [Held] = []
    @usableFromInline var freeNode: Int32 = -1
    @usableFromInline var freeEvent: Int64 = -1
    @usableFromInline var nextSequence: Int64 = 0
    /// When the key's timer goes off; an entry of the queue that differs is out of date.
    ///
    /// Saved, since a table over a store may let go of the state while the queue has its entry.
    @usableFromInline var timer = Timestamp.max

    /// Nothing remembered.
    @inlinable
    public init() {}

    /// Whether nothing is remembered.
    @inlinable public var isEmpty: Bool { waiting.isEmpty && partials.isEmpty && completed.isEmpty }

    /// The number of partial matches.
    @inlinable public var partialMatchCount: Int { partials.count }

    /// The number of events that partial matches hold.
    public var heldEventCount: Int { events.count { $0.references > 0 } }

    /// Adds an event that waits for the watermark.
    @inlinable
    mutating func wait(_ element: Element, at time: Timestamp) {
        var place = waiting.count
        if let last = waiting.last, time < last.time {
            var low = 0
            while low < place {
                let middle = (low + place) / 2
                if waiting[middle].time <= time { low = middle + 1 } else { place = middle }
            }
        }
        waiting.insert(Waiting(time: time, element: element), at: place)
    }

    /// Keeps an event; the first node that holds it is its first reference.
    @inlinable
    mutating func hold(_ element: Element, at time: Timestamp, sequence: Int64) -> Int32 {
        let event = Held(element: element, time: time, sequence: sequence, references: 0)
        if freeEvent >= 0 {
            let index = Int(freeEvent)
            freeEvent = events[index].sequence
            events[index] = event
            return Int32(truncatingIfNeeded: index)
        }
        precondition(events.count < Int(Int32.max), "a key's partial matches hold 2^31 events; add within(…)")
        events.append(event)
        return Int32(truncatingIfNeeded: events.count &- 1)
    }

    /// A node with one reference, after `previous`, which gets another one.
    @inlinable
    mutating func addNode(event: Int32, stage: Int32, previous: Int32) -> Int32 {
        events[Int(event)].references &+= 1
        retain(previous)
        let node = Node(event: event, stage: stage, previous: previous, references: 1)
        if freeNode >= 0 {
            let index = freeNode
            freeNode = nodes[Int(index)].previous
            nodes[Int(index)] = node
            return index
        }
        precondition(nodes.count < Int(Int32.max), "a key's partial matches have 2^31 nodes; add within(…)")
        nodes.append(node)
        return Int32(truncatingIfNeeded: nodes.count &- 1)
    }

    @inlinable
    mutating func retain(_ node: Int32) {
        if node >= 0 { nodes[Int(node)].references &+= 1 }
    }

    @inlinable
    mutating func release(_ node: Int32) {
        var node = node
        while node >= 0 {
            nodes[Int(node)].references &-= 1
            if nodes[Int(node)].references > 0 { return }
            let previous = nodes[Int(node)].previous
            release(event: Int(nodes[Int(node)].event))
            nodes[Int(node)].previous = freeNode
            freeNode = node
            node = previous
        }
    }

    @inlinable
    mutating func release(event: Int) {
        events[event].references &-= 1
        if events[event].references > 0 { return }
        events[event].element = nil
        events[event].sequence = freeEvent
        freeEvent = Int64(event)
    }

    /// Gives back the memory of nodes and events when no match holds any.
    @inlinable
    mutating func compact() {
        guard partials.isEmpty && completed.isEmpty && !nodes.isEmpty else { return }
        nodes = []
        events = []
        freeNode = -1
        freeEvent = -1
    }
}
