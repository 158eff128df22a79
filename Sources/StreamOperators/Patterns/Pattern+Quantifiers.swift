extension Pattern {
    /// The last stage takes exactly this many events.
    ///
    /// Between them others may be passed over, unless the stage is ``consecutive()``.
    public func times(_ count: Int) -> Pattern { repeating(count, count, "times(\(count))") }

    /// The last stage takes this many events; a lower bound of 0 makes it optional.
    ///
    /// Each number is a match of its own; ``greedy()`` chooses the highest.
    public func times(_ range: ClosedRange<Int>) -> Pattern {
        let pattern = repeating(Swift.max(range.lowerBound, 1), range.upperBound, "times(\(range))")
        return range.lowerBound == 0 ? pattern.optional() : pattern
    }

    /// The last stage takes at least this many events; a lower bound of 0 makes it optional.
    ///
    /// Each number is a match of its own; ``greedy()`` chooses the highest.
    public func times(_ range: PartialRangeFrom<Int>) -> Pattern {
        let pattern = repeating(Swift.max(range.lowerBound, 1), nil, "times(\(range.lowerBound)...)")
        return range.lowerBound == 0 ? pattern.optional() : pattern
    }

    /// The last stage takes one event or more; the same as `times(1...)`.
    ///
    /// `a.oneOrMore().followedBy(b)` finds in a1 a2 b the matches a1 b, a1 a2 b and a2 b: the first and the last begin
    /// with different events, the first two differ in how many they take.
    public func oneOrMore() -> Pattern { times(1...) }

    /// There may be no event of the last stage; with a number of times, none or that many.
    public func optional() -> Pattern {
        changing("optional()") { stage in
            if stage.isOptional { return "is optional already" }
            stage.isOptional = true
            return nil
        }
    }

    /// The last stage takes as many events as it can: an event that it can take is not taken by the stage after it.
    ///
    /// Without a stage after it, this changes nothing: each number of events is a match as soon as it is reached.
    public func greedy() -> Pattern {
        changing("greedy()") { stage in
            if !stage.isRepeated { return "takes one event; say how often first, as in oneOrMore().greedy()" }
            if stage.inner == .any { return "allows combinations, which are not greedy; leave out one of both" }
            stage.isGreedy = true
            return nil
        }
    }

    /// The last stage's events follow one directly upon the other.
    public func consecutive() -> Pattern {
        changing("consecutive()") { stage in
            if !stage.isRepeated { return "takes one event; say how often first, as in oneOrMore().consecutive()" }
            if stage.inner == .any { return "allows combinations, which are not consecutive; leave out one of both" }
            stage.inner = .strict
            return nil
        }
    }

    /// The last stage may pass over events that it could take: each choice of them is a match of its own.
    ///
    /// The number of partial matches can double with each event; limit them with ``within(_:)``.
    public func allowCombinations() -> Pattern {
        changing("allowCombinations()") { stage in
            if !stage.isRepeated {
                return "takes one event; say how often first, as in oneOrMore().allowCombinations()"
            }
            if stage.inner == .strict {
                return "is consecutive, which leaves nothing to combine; leave out one of both"
            }
            if stage.isGreedy { return "is greedy, which leaves nothing to combine; leave out one of both" }
            stage.inner = .any
            return nil
        }
    }

    /// The last stage takes no event from the first one on that matches this, which itself is not taken either.
    ///
    /// Only for a stage without a highest number of events: ``oneOrMore()`` or `times(2...)`. The condition is looked at
    /// from the stage's first event on.
    public func until(_ condition: @escaping @Sendable (Element) throws -> Bool) -> Pattern {
        ending(.simple(condition))
    }

    /// The last stage takes no event from the first one on that matches this, given what the match holds so far.
    public func until(
        _ condition: @escaping @Sendable (Element, PartialMatch<Element>) throws -> Bool
    ) -> Pattern { ending(.iterative(condition)) }

    private func repeating(_ lower: Int, _ upper: Int?, _ call: String) -> Pattern {
        changing(call) { stage in
            if stage.isRepeated { return "was told how often before; say it once" }
            stage.lower = lower
            stage.upper = upper
            return nil
        }
    }

    private func ending(_ condition: Condition) -> Pattern {
        let index = conditions.count
        var pattern = changing("until(_:)") { stage in
            if !stage.isLoop { return "has a highest number of events; until goes with oneOrMore() or times(2...)" }
            if stage.until != nil { return "has an end already; combine both conditions with ||" }
            stage.until = index
            return nil
        }
        pattern.conditions.append(condition)
        return pattern
    }

    /// Changes the last stage, or notes why `call` can't.
    private func changing(_ call: String, _ change: (inout PatternStage) -> String?) -> Pattern {
        var pattern = self
        guard var stage = stages.last else { return self }
        if stage.contiguity.isNegated {
            pattern.misuses.append("\(call) does not go with '\(stage.name)', which is a not-stage; leave it out")
        } else if let misuse = change(&stage) {
            pattern.misuses.append("\(call) does not go with '\(stage.name)', which \(misuse)")
        }
        pattern.stages[stages.count - 1] = stage
        return pattern
    }
}
