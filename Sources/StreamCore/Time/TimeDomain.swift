/// Which of the two notions of time is meant.
@frozen
public enum TimeDomain: UInt8, Sendable, Hashable {
    /// The time in the records, as far as the watermark says.
    case eventTime
    /// The time of the job's clock.
    case processingTime
}
