internal import StateBackend

/// A pattern as an automaton: states with conditional edges.
@usableFromInline
struct PatternProgram: Sendable {
    /// What following an edge does.
    @usableFromInline
    enum Action: Sendable {
        /// The event becomes part of the match.
        case take
        /// The event is passed over.
        case ignore
        /// Nothing: the same event is looked at in the edge's target.
        case proceed
        /// The partial match is given up.
        case stop
    }

    /// A condition, or its contrary.
    @usableFromInline
    struct Literal: Sendable {
        @usableFromInline let condition: Int
        @usableFromInline let isNegated: Bool

        init(_ condition: Int, isNegated: Bool = false) {
            self.condition = condition
            self.isNegated = isNegated
        }

        static func not(_ condition: Int) -> Literal { Literal(condition, isNegated: true) }
    }

    /// An edge, open to events for which all of its literals hold.
    @usableFromInline
    struct Edge: Sendable {
        @usableFromInline let action: Action
        /// The state to which it leads; of a stop, the not-stage.
        @usableFromInline var target: Int
        @usableFromInline var literals: [Literal]
    }

    @usableFromInline
    struct State: Sendable {
        @usableFromInline
        enum Kind: Sendable {
            case normal
            /// The match is complete.
            case final
            /// The match is complete at the deadline.
            case waiting
        }

        @usableFromInline var kind: Kind
        /// The stage by which it takes events.
        @usableFromInline let stage: Int32
        @usableFromInline var edges: [Edge] = []
        /// Whether a partial match that is here at the deadline is complete: it waits for that, or could go on to a state
        /// that does without another event.
        @usableFromInline var isCompleteAtDeadline = false

        init(kind: Kind, stage: Int) {
            self.kind = kind
            self.stage = Int32(stage)
        }
    }

    @usableFromInline let states: [State]
    @usableFromInline let start: Int
    @usableFromInline let stageNames: [String]
    /// Milliseconds from a match's first event to its deadline; nil for none.
    @usableFromInline let window: Int64?
    @usableFromInline let skip: AfterMatchSkip
    /// The index of the stage that ``skip`` names.
    @usableFromInline let skipStage: Int
    /// Tells saved partial matches of this pattern from those of another one.
    let fingerprint: UInt32

    init<Element>(_ pattern: Pattern<Element>) {
        precondition(
            pattern.problems.isEmpty, "the pattern can't work: \(pattern.problems.joined(separator: "; "))")
        var compiler = PatternCompiler(pattern.stages)
        start = compiler.compile()
        states = compiler.states
        stageNames = pattern.stages.map(\.name)
        window = pattern.window
        skip = pattern.skip
        skipStage = pattern.stages.firstIndex { $0.name == pattern.skip.stage } ?? -1
        fingerprint = Self.fingerprint(pattern)
    }

    static func fingerprint<Element>(_ pattern: Pattern<Element>) -> UInt32 {
        let text = pattern.stages.map(\.fingerprint).joined() + "\(pattern.window ?? -1) \(pattern.skip)"
        return UInt32(truncatingIfNeeded: text.stableHash)
    }
}
