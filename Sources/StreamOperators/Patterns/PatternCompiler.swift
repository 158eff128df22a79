/// Makes a pattern's automaton, from its last stage to its first.
///
/// The states and edges follow those of Flink's CEP library, so that its rules hold: a state with an edge that proceeds
/// exists once with and once without it (the latter after an event was passed over), so that no choice is open twice.
struct PatternCompiler {
    private typealias Literal = PatternProgram.Literal
    private typealias Edge = PatternProgram.Edge
    private typealias State = PatternProgram.State

    private let stages: [PatternStage]
    private(set) var states: [PatternProgram.State] = []
    /// The stage being compiled.
    private var index = 0
    /// What follows a greedy loop, as it was before greed closed its edges: for the event that ends the loop.
    private var beforeGreed: [Int: Int] = [:]

    init(_ stages: [PatternStage]) { self.stages = stages }

    /// Compiles all stages, and returns the state in which every match begins.
    mutating func compile() -> Int {
        var sink = add(.final, stage: -1)
        index = stages.count - 1
        while index > 0 {
            switch stages[index].contiguity {
            case .notFollowedBy: sink = compileNotFollowedBy(sink)
            case .notNext: sink = compileNotNext(sink)
            case .strict, .relaxed, .any: sink = compileStage(sink)
            }
            index -= 1
        }
        let start = compileStage(sink)
        for state in states.indices { states[state].isCompleteAtDeadline = isCompleteAtDeadline(state) }
        return start
    }

    // MARK: Stages

    /// In the middle it becomes edges of the next stage's states; only at the end it has a state, which waits.
    private mutating func compileNotFollowedBy(_ sink: Int) -> Int {
        let condition = stages[index].condition
        switch states[sink].kind {
        case .final:
            let state = add(.waiting, stage: index)
            states[state].edges = [
                Edge(action: .stop, target: index, literals: [Literal(condition)]),
                Edge(action: .ignore, target: state, literals: [.not(condition)]),
            ]
            return state
        case .waiting:
            states[sink].edges.append(Edge(action: .stop, target: index, literals: [Literal(condition)]))
            return sink
        case .normal: return sink
        }
    }

    private mutating func compileNotNext(_ sink: Int) -> Int {
        let condition = stages[index].condition
        let state = add(.normal, stage: index)
        // The last stage uses up the event that decides; before others it is theirs too.
        let action: PatternProgram.Action = states[sink].kind == .final ? .ignore : .proceed
        states[state].edges = [
            Edge(action: action, target: sink, literals: [.not(condition)]),
            Edge(action: .stop, target: index, literals: [Literal(condition)]),
        ]
        return state
    }

    private mutating func compileStage(_ sink: Int) -> Int {
        let stage = stages[index]
        let state: Int
        if stage.isLoop {
            let loop = compileLoop(withoutEarlierNots(sink), proceed: sink)
            state = compileTimes(loop, proceed: sink)
        } else if stage.isRepeated {
            state = compileTimes(sink, proceed: sink)
        } else {
            state = addTaking(
                sink, proceed: stage.isOptional ? sink : nil, take: [Literal(stage.condition)],
                ignore: ignoring(stage.contiguity), isFirst: true)
        }
        addStops(earlierNots, to: state)
        return state
    }

    /// A state per time, the first of which is returned; after the lowest number each can be left for `proceed`.
    private mutating func compileTimes(_ sink: Int, proceed: Int) -> Int {
        let stage = stages[index]
        let lower = stage.lower ?? 1
        let upper = stage.upper ?? lower
        let take = taking
        let ignore = untilEnds(ignoring(stage.inner))
        if stage.isGreedy && lower != upper { addGreed(to: sink, take) }
        var last = sink
        for _ in lower..<upper {
            last = addTaking(last, proceed: proceed, take: take, ignore: ignore, isFirst: false)
        }
        for _ in 1..<lower { last = addTaking(last, proceed: nil, take: take, ignore: ignore, isFirst: false) }
        return addTaking(
            last, proceed: stage.isOptional ? proceed : nil, take: take, ignore: ignoring(stage.contiguity),
            isFirst: true)
    }

    /// A state that takes any number of events, and can be left for `sink`.
    private mutating func compileLoop(_ sink: Int, proceed: Int) -> Int {
        let stage = stages[index]
        let loop = add(.normal, stage: index)
        let take = taking
        if stage.isGreedy {
            if let until = stage.until {
                let open = copy(sink)
                beforeGreed[proceed] = proceed == sink ? open : copy(proceed)
                states[loop].edges.append(Edge(action: .proceed, target: open, literals: [Literal(until)]))
            }
            let literals = stage.until.map { [Literal.not($0)] } ?? []
            states[loop].edges.append(Edge(action: .proceed, target: sink, literals: literals))
            addGreed(to: sink, [Literal(stage.condition)])
            if proceed != sink { addGreed(to: proceed, [Literal(stage.condition)]) }
        } else {
            states[loop].edges.append(Edge(action: .proceed, target: sink, literals: []))
        }
        states[loop].edges.append(Edge(action: .take, target: loop, literals: take))
        addStops(followingNot, to: loop)
        if let ignore = untilEnds(ignoring(stage.inner)) {
            let waiting = add(.normal, stage: index)
            states[waiting].edges = [
                Edge(action: .take, target: loop, literals: take),
                Edge(action: .ignore, target: waiting, literals: ignore),
            ]
            addStops(followingNot, to: waiting)
            states[loop].edges.append(Edge(action: .ignore, target: waiting, literals: ignore))
        }
        return loop
    }

    /// A state that takes one event and leads to `sink`; or proceeds, before it has passed over any.
    private mutating func addTaking(
        _ sink: Int, proceed: Int?, take: [PatternProgram.Literal], ignore: [PatternProgram.Literal]?, isFirst: Bool
    ) -> Int {
        let stage = stages[index]
        let nots = isFirst ? earlierNots : followingNot
        let state = add(.normal, stage: index)
        let target = withoutEarlierNots(sink)
        states[state].edges.append(Edge(action: .take, target: target, literals: take))
        if let proceed {
            if stage.isGreedy, let until = stage.until {
                let open = beforeGreed[proceed] ?? proceed
                states[state].edges.append(Edge(action: .proceed, target: open, literals: [Literal(until)]))
                states[state].edges.append(Edge(action: .proceed, target: proceed, literals: [.not(until)]))
            } else {
                states[state].edges.append(Edge(action: .proceed, target: proceed, literals: []))
            }
        }
        if let ignore {
            var waiting = state
            if proceed != nil {
                waiting = add(.normal, stage: index)
                states[waiting].edges = [
                    Edge(action: .take, target: target, literals: take),
                    Edge(action: .ignore, target: waiting, literals: ignore),
                ]
                addStops(nots, to: waiting)
            }
            states[state].edges.append(Edge(action: .ignore, target: waiting, literals: ignore))
        }
        if !isFirst { addStops(nots, to: state) }
        return state
    }

    // MARK: Conditions

    private var taking: [PatternProgram.Literal] {
        let take = Literal(stages[index].condition)
        return stages[index].until.map { [.not($0), take] } ?? [take]
    }

    private func ignoring(_ contiguity: PatternStage.Contiguity) -> [PatternProgram.Literal]? {
        switch contiguity {
        case .relaxed: [.not(stages[index].condition)]
        case .any: []
        case .strict, .notNext, .notFollowedBy: nil
        }
    }

    private func untilEnds(_ literals: [PatternProgram.Literal]?) -> [PatternProgram.Literal]? {
        guard let literals, let until = stages[index].until else { return literals }
        return [.not(until)] + literals
    }

    /// What a greedy stage can take is closed to what comes after it.
    private mutating func addGreed(to state: Int, _ take: [PatternProgram.Literal]) {
        for edge in states[state].edges.indices {
            states[state].edges[edge].literals += take.map { Literal($0.condition, isNegated: !$0.isNegated) }
        }
    }

    // MARK: Not-stages

    /// The not-stages before this stage, with only optional ones in between.
    private var earlierNots: [Int] {
        var nots: [Int] = []
        var earlier = index - 1
        while earlier >= 0, stages[earlier].isOptional || stages[earlier].contiguity == .notFollowedBy {
            if stages[earlier].contiguity == .notFollowedBy { nots.append(earlier) }
            earlier -= 1
        }
        return nots
    }

    /// The not-stages right after this stage, which also hold between its own events.
    private var followingNot: [Int] {
        Array((index + 1)..<stages.count).prefix { stages[$0].contiguity == .notFollowedBy }
    }

    private mutating func addStops(_ nots: [Int], to state: Int) {
        for not in nots {
            states[state].edges.append(
                Edge(action: .stop, target: not, literals: [Literal(stages[not].condition)]))
        }
    }

    /// `sink`, or, when this stage is optional, a copy of it that the not-stages before this one no longer concern: an
    /// event that the optional stage has taken ends them.
    private mutating func withoutEarlierNots(_ sink: Int) -> Int {
        let nots = earlierNots
        if nots.isEmpty || !stages[index].isOptional || states[sink].kind != .normal { return sink }
        let copied = copy(sink)
        states[copied].edges.removeAll { $0.action == .stop && nots.contains($0.target) }
        for edge in states[copied].edges.indices where states[copied].edges[edge].action == .proceed {
            states[copied].edges[edge].target = withoutEarlierNots(states[copied].edges[edge].target)
        }
        return copied
    }

    // MARK: States

    private mutating func add(_ kind: PatternProgram.State.Kind, stage: Int) -> Int {
        states.append(State(kind: kind, stage: stage))
        return states.count - 1
    }

    private mutating func copy(_ state: Int) -> Int {
        var copied = states[state]
        for edge in copied.edges.indices where copied.edges[edge].target == state && copied.edges[edge].action != .stop
        {
            copied.edges[edge].target = states.count
        }
        states.append(copied)
        return states.count - 1
    }

    private func isCompleteAtDeadline(_ state: Int) -> Bool {
        var open = [state]
        var seen: Set<Int> = []
        while let next = open.popLast() {
            if states[next].kind == .waiting { return true }
            if !seen.insert(next).inserted { continue }
            open += states[next].edges.filter { $0.action == .proceed }.map(\.target)
        }
        return false
    }
}
