internal import StreamCore

/// A sequence of events to look for: `a`, then `b` within ten seconds, with no `c` in between.
///
/// A value built by chaining stages, each with a name and a condition:
/// ```swift
/// let abandoned = Pattern<Event>.begin("cart", where: \.isCart)
///     .followedBy("view") { $0.isView }.times(2...)
///     .notFollowedBy("order") { $0.isOrder }
///     .within(.seconds(600))
/// ```
/// Semantics are those of Flink's CEP library. What can't work is collected in ``problems``; a pipeline that uses such
/// a pattern is rejected with them.
///
/// A condition may be asked several times about one event, and its answer must depend on its arguments alone. It may
/// throw, which stops the job.
public struct Pattern<Element: Sendable>: Sendable {
    /// A stage's condition.
    @usableFromInline
    enum Condition: Sendable {
        case simple(@Sendable (Element) throws -> Bool)
        case iterative(@Sendable (Element, PartialMatch<Element>) throws -> Bool)
    }

    var stages: [PatternStage] = []
    @usableFromInline var conditions: [Condition] = []
    /// Milliseconds from a match's first event within which it must end; nil for no limit.
    var window: Int64?
    var skip = AfterMatchSkip.noSkip
    /// What was wrong with calls of the chain.
    var misuses: [String] = []

    init() {}

    /// A pattern that begins with a stage of one event.
    ///
    /// - Parameters:
    ///   - name: the stage's name, unique in the pattern.
    ///   - condition: which events it takes.
    public static func begin(
        _ name: String, where condition: @escaping @Sendable (Element) throws -> Bool
    ) -> Pattern {
        Pattern().adding(name, .strict, .simple(condition))
    }

    /// A pattern that begins with a stage of one event, whose condition sees what the match holds so far.
    public static func begin(
        _ name: String, where condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern {
        Pattern().adding(name, .strict, .iterative(condition))
    }

    /// Then, as the very next event of the key, one that matches.
    ///
    /// - Parameters:
    ///   - name: the stage's name, unique in the pattern.
    ///   - condition: which events it takes.
    public func next(_ name: String, where condition: @escaping @Sendable (Element) throws -> Bool) -> Pattern {
        adding(name, .strict, .simple(condition))
    }

    /// Then, as the very next event, one that matches, given what the match holds so far.
    public func next(
        _ name: String, where condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern { adding(name, .strict, .iterative(condition)) }

    /// Then the next event that matches; events that don't are passed over.
    ///
    /// - Parameters:
    ///   - name: the stage's name, unique in the pattern.
    ///   - condition: which events it takes.
    public func followedBy(
        _ name: String, where condition: @escaping @Sendable (Element) throws -> Bool
    ) -> Pattern { adding(name, .relaxed, .simple(condition)) }

    /// Then the next event that matches, given what the match holds so far.
    public func followedBy(
        _ name: String, where condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern { adding(name, .relaxed, .iterative(condition)) }

    /// Then any later event that matches: also when others match before it, each in a match of its own.
    ///
    /// The number of partial matches can grow with each event that matches; limit them with ``within(_:)``.
    /// - Parameters:
    ///   - name: the stage's name, unique in the pattern.
    ///   - condition: which events it takes.
    public func followedByAny(
        _ name: String, where condition: @escaping @Sendable (Element) throws -> Bool
    ) -> Pattern { adding(name, .any, .simple(condition)) }

    /// Then any later event that matches, given what the match holds so far.
    public func followedByAny(
        _ name: String, where condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern { adding(name, .any, .iterative(condition)) }

    /// And the very next event does not match.
    ///
    /// As the last stage it is decided by the key's next event; without one there is no match.
    /// - Parameters:
    ///   - name: the stage's name, unique in the pattern.
    ///   - condition: which events there must not be.
    public func notNext(_ name: String, where condition: @escaping @Sendable (Element) throws -> Bool) -> Pattern {
        adding(name, .notNext, .simple(condition))
    }

    /// And the very next event does not match, given what the match holds so far.
    public func notNext(
        _ name: String, where condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern { adding(name, .notNext, .iterative(condition)) }

    /// And no event matches before the next stage's first one, or, as the last stage, before the deadline of
    /// ``within(_:)``.
    ///
    /// - Parameters:
    ///   - name: the stage's name, unique in the pattern.
    ///   - condition: which events there must not be.
    public func notFollowedBy(
        _ name: String, where condition: @escaping @Sendable (Element) throws -> Bool
    ) -> Pattern { adding(name, .notFollowedBy, .simple(condition)) }

    /// And no event matches before the next stage's first one, or before the deadline, given what the match holds so far.
    public func notFollowedBy(
        _ name: String, where condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern { adding(name, .notFollowedBy, .iterative(condition)) }

    /// A match's last event is less than `limit` after its first one.
    ///
    /// An event exactly `limit` after the first is outside. Partial matches that reach the limit time out. When it is
    /// given more than once, the shortest counts.
    public func within(_ limit: Duration) -> Pattern {
        var pattern = self
        pattern.window = Swift.min(window ?? .max, limit.milliseconds)
        return pattern
    }

    /// Which partial matches are given up when a match is found.
    ///
    /// The default is none.
    public func afterMatch(_ skip: AfterMatchSkip) -> Pattern {
        var pattern = self
        pattern.skip = skip
        return pattern
    }

    private func adding(_ name: String, _ contiguity: PatternStage.Contiguity, _ condition: Condition) -> Pattern {
        var pattern = self
        pattern.stages.append(PatternStage(name: name, contiguity: contiguity, condition: conditions.count))
        pattern.conditions.append(condition)
        return pattern
    }
}
