/// How a source tells event time: the bound on disorder within a split, when a split counts as idle, and what happens
/// to records beyond the bound.
public struct WatermarkStrategy: Sendable, Equatable {
    /// When a split that gives no records stops holding the watermark back.
    public enum Idleness: Sendable, Equatable {
        /// When the reader has caught up with the split's end and waits for more. Back-pressure is not idleness.
        case whenCaughtUp
        /// Never: the watermark waits for the split.
        case never
    }

    /// Where it is decided that a record is late.
    public enum Lateness: Sendable, Equatable {
        /// By each window and join, against the watermark there: what one step finds late another may still use.
        case byOperators
        /// At the source, per split and record: a record at or behind its own split's watermark goes to the stream's
        /// ``DataStream/lateRecords`` and nowhere else. Every other record is on time everywhere, unless its
        /// split was idle and has fallen behind; so results don't depend on how far other splits have come.
        case atSource
    }

    /// How far, in milliseconds, a record may be behind the newest one of its split; nil for no watermarks at all.
    public let outOfOrderness: Int64?
    /// When a split is idle.
    public let idleness: Idleness
    /// Where lateness is decided.
    public let lateness: Lateness

    /// Records come at most `bound` of event time after a newer one of the same split.
    ///
    /// A split's watermark is the highest timestamp seen, less the bound, less 1 ms.
    public static func boundedOutOfOrderness(
        _ bound: Duration, idleness: Idleness = .whenCaughtUp, lateness: Lateness = .byOperators
    ) -> WatermarkStrategy {
        WatermarkStrategy(outOfOrderness: bound.milliseconds, idleness: idleness, lateness: lateness)
    }

    /// Timestamps never go down within a split.
    public static func monotonous(
        idleness: Idleness = .whenCaughtUp, lateness: Lateness = .byOperators
    ) -> WatermarkStrategy {
        WatermarkStrategy(outOfOrderness: 0, idleness: idleness, lateness: lateness)
    }

    /// No watermarks: for pipelines without event time.
    ///
    /// Windows and joins need another strategy.
    public static let none = WatermarkStrategy(outOfOrderness: nil, idleness: .whenCaughtUp, lateness: .byOperators)
}
