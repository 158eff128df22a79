/// What `AdEventFileGenerator` has written, counted exactly.
public struct AdEventGeneratorSummary: Sendable, Equatable {
    /// Lines of the file, without the header of a CSV file: `events + duplicates + malformed`.
    public var lines = 0
    /// Distinct valid events.
    public var events = 0
    /// Lines that repeat an earlier line, byte for byte.
    public var duplicates = 0
    /// Events whose time lies more than `outOfOrderMs` before the greatest time of a valid line above.
    ///
    /// None is duplicated.
    public var late = 0
    /// Lines that are no event.
    public var malformed = 0
    /// Distinct events of type `impression`.
    public var impressions = 0
    /// Distinct events of type `click`.
    public var clicks = 0
    /// Distinct events of type `view`.
    public var views = 0
    /// Distinct events of type `basket`.
    public var baskets = 0
    /// Distinct events of type `purchase`.
    public var purchases = 0
    /// Least event time, milliseconds since 1970-01-01 UTC; `Int64.max` without events.
    public var firstTime = Int64.max
    /// Greatest event time, milliseconds since 1970-01-01 UTC; `Int64.min` without events.
    public var lastTime = Int64.min
    /// Size of the file.
    public var bytes: Int64 = 0

    /// The summary of nothing written.
    public init() {}

    mutating func count(_ type: GeneratorEvent.Kind) {
        switch type {
        case .impression: impressions += 1
        case .click: clicks += 1
        case .view: views += 1
        case .basket: baskets += 1
        case .purchase: purchases += 1
        }
    }
}
