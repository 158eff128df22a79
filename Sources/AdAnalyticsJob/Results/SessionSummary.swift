public import Weir

/// A customer's session.
public struct SessionSummary: Sendable, Equatable {
    /// The first event's time.
    public var first: Timestamp
    /// The last event's time.
    public var last: Timestamp
    /// The number of events.
    public var events: Int
}

/// Folds a session's events.
struct SessionAggregate: AggregateFunction {
    func start(_ event: SessionEvent) -> SessionSummary {
        SessionSummary(first: event.time, last: event.time, events: 1)
    }

    func add(_ event: SessionEvent, to session: inout SessionSummary) {
        session.first = min(session.first, event.time)
        session.last = max(session.last, event.time)
        session.events += 1
    }

    func merge(_ other: SessionSummary, into session: inout SessionSummary) {
        session.first = min(session.first, other.first)
        session.last = max(session.last, other.last)
        session.events += other.events
    }

    func result(_ session: SessionSummary) -> SessionSummary { session }
}

/// What sessions need of an event.
struct SessionEvent: Sendable {
    var time: Timestamp
    var tenant: String
    var user: String
}

/// A tenant's sessions, all together.
public struct SessionTotals: Sendable, Equatable {
    /// The number of sessions.
    public var sessions = 0
    /// The number of events in them.
    public var events = 0
    /// The sum of their lengths, each from first to last event, in milliseconds.
    public var durationMs: Int64 = 0
}
