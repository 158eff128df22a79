public import StreamCore

/// Looks for a pattern in the events of one key: a state machine without streams, watermarks or time of its own.
///
/// Feed each key's events in the order of their times to ``process(_:at:_:_:)``, and tell it with
/// ``advance(to:_:_:)`` that there will be no earlier ones. What one key needs is in its ``PatternState``; a matcher
/// serves any number of keys.
///
/// The algorithm is that of Flink's CEP library, after Agrawal et al., "Efficient Pattern Matching over Event Streams"
/// (SIGMOD 2008): a nondeterministic automaton, of which each partial match is a run.
public struct PatternMatcher<Element: Sendable>: Sendable {
    @usableFromInline typealias Partial = PatternState<Element>.Partial

    @usableFromInline
    struct EdgeIndex: Sendable {
        @usableFromInline let state: Int
        @usableFromInline let edge: Int

        @inlinable
        init(state: Int, edge: Int) {
            self.state = state
            self.edge = edge
        }
    }

    /// An event being processed.
    @usableFromInline
    struct Current {
        @usableFromInline let element: Element
        @usableFromInline let time: Timestamp
        @usableFromInline let sequence: Int64
        /// Where it is held; -1 while no partial match holds it.
        @usableFromInline var held: Int32 = -1
        @usableFromInline var survivors: [Partial] = []
        @usableFromInline var matches: [Partial] = []

        @inlinable
        init(element: Element, time: Timestamp, sequence: Int64) {
            self.element = element
            self.time = time
            self.sequence = sequence
        }
    }

    @usableFromInline let program: PatternProgram
    @usableFromInline let conditions: [Pattern<Element>.Condition]
    /// The conditions whose answer depends on the partial match.
    @usableFromInline let iterative: [Int]
    // Memory that is used again for each event: what conditions said (0 not asked, 1 no, 2 yes), states to look at, and
    // edges to follow.
    @usableFromInline var answers: [UInt8]
    @usableFromInline var open: [Int] = []
    @usableFromInline var edges: [EdgeIndex] = []

    /// A matcher of a pattern, which must have no ``Pattern/problems``.
    public init(_ pattern: Pattern<Element>) {
        program = PatternProgram(pattern)
        conditions = pattern.conditions
        iterative = pattern.conditions.indices.filter {
            if case .iterative = pattern.conditions[$0] { true } else { false }
        }
        answers = [UInt8](repeating: 0, count: conditions.count)
    }

    /// Processes the key's next event; deadlines up to its time are decided first.
    ///
    /// - Parameters:
    ///   - element: the event.
    ///   - time: its time, not below that of the key's event before.
    ///   - state: the key's state.
    ///   - actions: gets what was decided, in order.
    /// - Throws: what a condition throws; the state is then as if the event had not come, but for the deadlines.
    @inlinable
    public mutating func process(
        _ element: Element, at time: Timestamp, _ state: inout PatternState<Element>,
        _ actions: inout [PatternAction<Element>]
    ) throws {
        advance(to: time, &state, &actions)
        var current = Current(element: element, time: time, sequence: state.nextSequence)
        state.nextSequence &+= 1
        for condition in answers.indices { answers[condition] = 0 }
        let partials = state.partials
        if !partials.isEmpty { current.survivors.reserveCapacity(partials.count &+ 1) }
        do {
            for partial in partials { try step(partial, isStart: false, &current, &state) }
            let start = Partial(state: Int32(program.start), node: -1, start: time, sequence: current.sequence)
            try step(start, isStart: true, &current, &state)
        } catch {
            takeBack(current, &state)
            throw error
        }
        state.partials = current.survivors
        // They are used up; not before, so that an error leaves them as they are.
        for partial in partials { state.release(partial.node) }
        if !current.matches.isEmpty || !state.completed.isEmpty {
            decide(current.matches, at: time, &state, &actions)
        }
        state.compact()
    }

    /// Gives up, or completes, what has its deadline at or before `time`, deadline after deadline.
    ///
    /// With `Timestamp.max` the input has ended: what could never become a match is dropped, so that complete matches
    /// wait no longer for it.
    @inlinable
    public mutating func advance(
        to time: Timestamp, _ state: inout PatternState<Element>, _ actions: inout [PatternAction<Element>]
    ) {
        guard let window = program.window else {
            if time == .max { end(&state, &actions) }
            return
        }
        while let first = state.partials.first {
            let deadline = first.start.advanced(byMilliseconds: window)
            if deadline > time { break }
            expire(first.start, deadline, &state, &actions)
        }
    }

    /// The time at which ``advance(to:_:_:)`` has something to do; nil when nothing has a deadline.
    @inlinable
    public func nextDeadline(_ state: PatternState<Element>) -> Timestamp? {
        guard let window = program.window, let first = state.partials.first else { return nil }
        return first.start.advanced(byMilliseconds: window)
    }

    // MARK: Steps

    /// Follows all edges that are open to the event.
    @inlinable
    mutating func step(
        _ partial: Partial, isStart: Bool, _ current: inout Current, _ state: inout PatternState<Element>
    ) throws {
        for condition in iterative { answers[condition] = 0 }
        let isStopped = try findEdges(partial, current.element, state)
        let survivors = current.survivors.count
        for index in edges {
            let source = program.states[index.state]
            let target = source.edges[index.edge].target
            if source.edges[index.edge].action == .ignore {
                // Where every match begins, an event that begins none changes nothing.
                if isStart { continue }
                state.retain(partial.node)
                add(Partial(moving: partial, to: target, node: partial.node), &current)
                continue
            }
            if current.held < 0 {
                current.held = state.hold(current.element, at: current.time, sequence: current.sequence)
            }
            let node = state.addNode(event: current.held, stage: source.stage, previous: partial.node)
            add(Partial(moving: partial, to: target, node: node), &current)
            if try leadsToFinal(target, partial, current.element, state) {
                state.retain(node)
                current.matches.append(Partial(moving: partial, to: target, node: node))
            }
        }
        if isStopped {
            while current.survivors.count > survivors { state.release(current.survivors.removeLast().node) }
            // The event may have gone with them.
            if current.held >= 0, state.events[Int(current.held)].references == 0 { current.held = -1 }
        }
    }

    /// Undoes the steps of an event for which a condition threw.
    @inlinable
    mutating func takeBack(_ current: Current, _ state: inout PatternState<Element>) {
        for partial in current.survivors { state.release(partial.node) }
        for match in current.matches { state.release(match.node) }
        state.nextSequence = current.sequence
        state.compact()
        open.removeAll(keepingCapacity: true)
    }

    @inlinable
    func add(_ partial: Partial, _ current: inout Current) {
        if program.states[Int(partial.state)].kind == .final {
            current.matches.append(partial)
        } else {
            current.survivors.append(partial)
        }
    }

    /// Collects the edges that take or ignore the event, through those that proceed; whether one stops.
    @inlinable
    mutating func findEdges(
        _ partial: Partial, _ element: Element, _ state: PatternState<Element>
    ) throws -> Bool {
        var isStopped = false
        edges.removeAll(keepingCapacity: true)
        open.append(Int(partial.state))
        while let next = open.popLast() {
            let found = program.states[next].edges
            for edge in found.indices where try holds(found[edge].literals, partial, element, state) {
                switch found[edge].action {
                case .proceed: open.append(found[edge].target)
                case .stop: isStopped = true
                case .take, .ignore: edges.append(EdgeIndex(state: next, edge: edge))
                }
            }
        }
        return isStopped
    }

    /// Whether a match is complete that has just got to a state: whether the rest is optional.
    @inlinable
    mutating func leadsToFinal(
        _ target: Int, _ partial: Partial, _ element: Element, _ state: PatternState<Element>
    ) throws -> Bool {
        open.append(target)
        var isFound = false
        while let next = open.popLast() {
            if isFound { continue }
            for edge in program.states[next].edges
            where edge.action == .proceed {
                guard try holds(edge.literals, partial, element, state) else { continue }
                if program.states[edge.target].kind == .final { isFound = true } else { open.append(edge.target) }
            }
        }
        return isFound
    }

    @inlinable
    mutating func holds(
        _ literals: [PatternProgram.Literal], _ partial: Partial, _ element: Element, _ state: PatternState<Element>
    ) throws -> Bool {
        for literal in literals {
            if answers[literal.condition] == 0 {
                let answer =
                    switch conditions[literal.condition] {
                    case .simple(let condition): try condition(element)
                    case .iterative(let condition):
                        try condition(
                            element, PartialMatch(state, head: partial.node, names: program.stageNames))
                    }
                answers[literal.condition] = answer ? 2 : 1
            }
            if (answers[literal.condition] == 2) == literal.isNegated { return false }
        }
        return true
    }
}

extension PatternState.Partial {
    /// The same partial match in another state.
    @inlinable
    init(moving partial: PatternState.Partial, to state: Int, node: Int32) {
        self.init(
            state: Int32(truncatingIfNeeded: state), node: node, start: partial.start, sequence: partial.sequence)
    }
}
