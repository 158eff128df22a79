public import StreamCore

/// A timer of a keyed step that is set and has not gone off, as tests see it.
public struct PendingTimer: Sendable, Hashable {
    /// The timer's name: its identifier as text.
    public let name: String
    /// When it goes off.
    public let time: Timestamp
    /// Which time it waits for.
    public let domain: TimeDomain

    /// A timer.
    public init(_ name: String, at time: Timestamp, in domain: TimeDomain = .eventTime) {
        self.name = name
        self.time = time
        self.domain = domain
    }
}

/// An entry of a step's timers, whatever the type of their names.
package protocol TimerEntry: Sendable {
    /// What tests see of it.
    var pending: PendingTimer { get }
}

extension KeyedTimers.SetTimer: TimerEntry {
    package var pending: PendingTimer { PendingTimer("\(id)", at: time, in: domain) }
}
