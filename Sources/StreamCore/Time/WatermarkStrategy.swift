/// When a split that gives no records stops holding the watermark back.
public enum Idleness: Sendable, Equatable {
    /// When the reader has caught up with the split's end and waits for more. Back-pressure is not idleness.
    case whenCaughtUp
    /// When the reader, asked again and again, has had nothing for this long in processing time.
    ///
    /// The time that it was not asked, because of back-pressure, and found something afterwards, doesn't count.
    case after(Duration)
    /// Never: the watermark waits for the split.
    case never
}

/// Where it is decided that a record is late.
public enum LatenessDecision: Sendable, Equatable {
    /// By each window and join, against the watermark there: what one step finds late another may still use.
    case byOperators
    /// At the source, per split and record: a record at or behind its own split's watermark goes to the stream's
    /// ``DataStream/lateRecords`` and nowhere else. Every other record is on time everywhere, unless its
    /// split was idle and has fallen behind; so results don't depend on how far other splits have come.
    case atSource
}

/// How a source tells event time: how watermarks follow from records, when a split counts as idle, and what happens to
/// records beyond the bound.
///
/// Every split has a watermark of its own; the source's is the lowest of those that are not idle.
public struct WatermarkStrategy<Element>: Sendable {
    @usableFromInline
    enum Kind: Sendable {
        case none
        case bounded(Int64)
        case custom(@Sendable () -> any WatermarkGenerator<Element>)
        case processingTime
    }

    @usableFromInline let kind: Kind
    /// When a split is idle.
    public let idleness: Idleness
    /// Where lateness is decided.
    public let lateness: LatenessDecision
    /// Which splits wait for which when they are too far ahead; nil for none.
    public private(set) var alignment: WatermarkAlignment?

    @usableFromInline
    init(kind: Kind, idleness: Idleness, lateness: LatenessDecision) {
        self.kind = kind
        self.idleness = idleness
        self.lateness = lateness
    }

    /// Records come at most `bound` of event time after a newer one of the same split.
    ///
    /// A split's watermark is the highest timestamp seen, less the bound, less 1 ms.
    public static func boundedOutOfOrderness(
        _ bound: Duration, idleness: Idleness = .whenCaughtUp, lateness: LatenessDecision = .byOperators
    ) -> WatermarkStrategy {
        WatermarkStrategy(kind: .bounded(bound.milliseconds), idleness: idleness, lateness: lateness)
    }

    /// Timestamps never go down within a split.
    public static func monotonous(
        idleness: Idleness = .whenCaughtUp, lateness: LatenessDecision = .byOperators
    ) -> WatermarkStrategy {
        WatermarkStrategy(kind: .bounded(0), idleness: idleness, lateness: lateness)
    }

    /// Watermarks that certain records carry: after each record for which `watermark` gives a time, the split's
    /// watermark is that time, unless it was higher before.
    ///
    /// The watermark takes effect right after its record, whatever the batch size.
    public static func punctuated(
        idleness: Idleness = .whenCaughtUp, lateness: LatenessDecision = .byOperators,
        _ watermark: @escaping @Sendable (Element, Timestamp) -> Timestamp?
    ) -> WatermarkStrategy {
        .custom(idleness: idleness, lateness: lateness) { PunctuatedWatermarks(watermark: watermark) }
    }

    /// Watermarks from a generator of one's own; `make` makes one for each split.
    public static func custom(
        idleness: Idleness = .whenCaughtUp, lateness: LatenessDecision = .byOperators,
        _ make: @escaping @Sendable () -> any WatermarkGenerator<Element>
    ) -> WatermarkStrategy {
        WatermarkStrategy(kind: .custom(make), idleness: idleness, lateness: lateness)
    }

    /// Processing time for event time: a record's timestamp is the time of the job's clock when it is read, and the
    /// watermark follows the clock, also while no records come.
    ///
    /// Windows and timers downstream are then those of processing time. With a ``VirtualClock`` results are
    /// reproducible. The source's function for event time isn't called.
    public static var processingTime: WatermarkStrategy {
        WatermarkStrategy(kind: .processingTime, idleness: .never, lateness: .byOperators)
    }

    /// No watermarks: for pipelines without event time.
    ///
    /// Windows and joins need another strategy.
    public static var none: WatermarkStrategy {
        WatermarkStrategy(kind: .none, idleness: .whenCaughtUp, lateness: .byOperators)
    }

    /// The same strategy, with splits that wait for the slowest: one whose watermark is more than `drift` ahead of the
    /// lowest in the group isn't read until the others have come nearer.
    ///
    /// Bounds what windows and joins must hold when splits are read at different speeds. Idle splits and those that
    /// have ended hold nobody back.
    /// - Parameters:
    ///   - drift: how far ahead a split may be.
    ///   - group: all sources of a pipeline that name the same group wait for each other. The default is a group of
    ///     this name for all.
    public func aligned(within drift: Duration, group: String = "default") -> WatermarkStrategy {
        var aligned = self
        aligned.alignment = WatermarkAlignment(group: group, drift: drift.milliseconds)
        return aligned
    }

    /// Whether there are watermarks.
    @usableFromInline var hasWatermarks: Bool { if case .none = kind { false } else { true } }

    /// What is wrong with the parameters, with the remedy, or nil.
    @usableFromInline var problem: String? {
        if case .bounded(let bound) = kind, bound < 0 {
            return "the out-of-orderness bound is negative; it must be zero or more"
        }
        if case .after(let time) = idleness, time.milliseconds <= 0 {
            return "the time after which a split is idle is \(time); it must be at least 1 ms"
        }
        if alignment != nil {
            switch kind {
            case .bounded, .custom: break
            case .none: return "there are no watermarks to align; leave out aligned(within:)"
            case .processingTime: return "splits can't run ahead of the clock; leave out aligned(within:)"
            }
        }
        if let alignment, alignment.drift < 0 { return "the alignment's drift is negative; it must be zero or more" }
        if let alignment, alignment.group.isEmpty { return "the alignment's group has no name; give it one" }
        return nil
    }
}

/// Which splits wait for which; see ``WatermarkStrategy/aligned(within:group:)``.
public struct WatermarkAlignment: Sendable, Equatable {
    /// The group's name.
    public let group: String
    /// How far ahead, in milliseconds, a split may be of the lowest of the group.
    public let drift: Int64
}

/// Makes a split's watermarks from its records.
///
/// What it remembers is saved in snapshots when its type has a codec (``StateCodec/automatic``: `Codable`,
/// ``StateCodable``, or trivial); else it begins anew after a restore, from the split's watermark.
public protocol WatermarkGenerator<Element> {
    /// The records.
    associatedtype Element

    /// The watermark that holds after a record, or nil when it doesn't change; a lower one than before is ignored.
    mutating func watermark(after element: Element, at timestamp: Timestamp) -> Timestamp?
}

/// Watermarks that a function finds in records.
struct PunctuatedWatermarks<Element>: WatermarkGenerator {
    let watermark: @Sendable (Element, Timestamp) -> Timestamp?

    func watermark(after element: Element, at timestamp: Timestamp) -> Timestamp? { watermark(element, timestamp) }
}
