/// Which time a timer waits for.
@frozen
public enum TimeDomain: Sendable, Hashable {
    /// The watermark's.
    case eventTime
    /// The clock's.
    case processingTime
}
