public import StreamCore

/// What a ``PatternMatcher`` has decided.
public enum PatternAction<Element: Sendable>: Sendable {
    /// A match was found, at this time: that of the event that decided it, or of its deadline.
    case match(PatternMatch<Element>, at: Timestamp)
    /// A partial match has reached its deadline, which is the time.
    case timedOut(PatternMatch<Element>, at: Timestamp)
}

extension PatternAction: Equatable where Element: Equatable {}
