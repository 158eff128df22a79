public import StreamCore

extension PatternMatcher {
    /// Takes the events that wait up to a time, in their order, then the deadlines up to it; those for which a condition
    /// throws are disposed of.
    @inlinable
    mutating func drain(
        through time: Timestamp, _ state: inout PatternState<Element>, _ actions: inout [PatternAction<Element>],
        _ errors: ErrorHandler<Element>
    ) throws {
        var taken = 0
        while taken < state.waiting.count && state.waiting[taken].time <= time {
            let event = state.waiting[taken]
            do { try process(event.element, at: event.time, &state, &actions) } catch {
                try errors.dispose(event.element, at: event.time, error, from: nil)
            }
            taken &+= 1
        }
        state.waiting.removeFirst(taken)
        advance(to: time, &state, &actions)
    }

    /// What becomes of the partial matches that began at `start`, when their deadline comes.
    @inlinable
    mutating func expire(
        _ start: Timestamp, _ deadline: Timestamp, _ state: inout PatternState<Element>,
        _ actions: inout [PatternAction<Element>]
    ) {
        var matches: [Partial] = []
        var count = 0
        for partial in state.partials {
            if partial.start != start { break }
            count &+= 1
            if program.states[Int(partial.state)].isCompleteAtDeadline {
                matches.append(partial)
            } else {
                actions.append(.timedOut(match(partial, state), at: deadline))
                state.release(partial.node)
            }
        }
        state.partials.removeFirst(count)
        decide(matches, at: deadline, &state, &actions)
        state.compact()
    }

    /// Drops what is still partial at the end of the input.
    @inlinable
    mutating func end(_ state: inout PatternState<Element>, _ actions: inout [PatternAction<Element>]) {
        for partial in state.partials { state.release(partial.node) }
        state.partials = []
        decide([], at: .max, &state, &actions)
        state.compact()
    }

    /// Gives out matches, as far as ``AfterMatchSkip`` lets them.
    ///
    /// With a strategy that skips, the match that began first goes first, and one that is complete waits for partial
    /// ones that began earlier, since their matches could skip it.
    @inlinable
    func decide(
        _ matches: [Partial], at time: Timestamp, _ state: inout PatternState<Element>,
        _ actions: inout [PatternAction<Element>]
    ) {
        if program.skip == .noSkip {
            for match in matches { give(match, at: time, &state, &actions) }
            return
        }
        for match in matches {
            let later = state.completed.firstIndex { $0.sequence > match.sequence } ?? state.completed.count
            state.completed.insert(match, at: later)
        }
        while let first = state.completed.first {
            if let earliest = state.partials.first, earliest.sequence < first.sequence { return }
            state.completed.removeFirst()
            if let end = skipEnd(first, state) { prune(before: end, &state) }
            give(first, at: time, &state, &actions)
        }
    }

    @inlinable
    func give(
        _ partial: Partial, at time: Timestamp, _ state: inout PatternState<Element>,
        _ actions: inout [PatternAction<Element>]
    ) {
        actions.append(.match(match(partial, state), at: time))
        state.release(partial.node)
    }

    @inlinable
    func match(_ partial: Partial, _ state: PatternState<Element>) -> PatternMatch<Element> {
        PartialMatch(state, head: partial.node, names: program.stageNames).match
    }

    /// The number of the first event with which other matches may begin after this one; nil for any.
    @usableFromInline
    func skipEnd(_ partial: Partial, _ state: PatternState<Element>) -> Int64? {
        var sequences: [Int64] = []
        var ofStage: [Int64] = []
        PartialMatch(state, head: partial.node, names: program.stageNames).forEachBackwards { stage, event in
            sequences.append(event.sequence)
            if stage == program.skipStage { ofStage.append(event.sequence) }
        }
        switch program.skip {
        case .noSkip: return nil
        case .skipToNext: return sequences.last.map { $0 + 1 }
        case .skipPastLastEvent: return sequences.first.map { $0 + 1 }
        case .skipToFirst: return ofStage.last
        case .skipToLast: return ofStage.first
        }
    }

    /// Gives up what began before the event of this number.
    @usableFromInline
    func prune(before end: Int64, _ state: inout PatternState<Element>) {
        let partials = state.partials.firstIndex { $0.sequence >= end } ?? state.partials.count
        let completed = state.completed.firstIndex { $0.sequence >= end } ?? state.completed.count
        for partial in state.partials.prefix(partials) + state.completed.prefix(completed) {
            state.release(partial.node)
        }
        state.partials.removeFirst(partials)
        state.completed.removeFirst(completed)
    }
}
