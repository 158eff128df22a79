/// A record that tells its event time itself.
public protocol EventTimed: Sendable {
    /// When it happened, in milliseconds since 1970-01-01 UTC.
    var eventTime: Timestamp { get }
}
