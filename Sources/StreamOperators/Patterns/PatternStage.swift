/// One stage of a pattern: what is looked for, where it may be, and how often.
@usableFromInline
struct PatternStage: Sendable, Equatable {
    /// Where a stage's first event may be, seen from the last event of the stage before.
    @usableFromInline
    enum Contiguity: UInt8, Sendable {
        /// It is the very next event.
        case strict
        /// It is the next event that matches.
        case relaxed
        /// It is any later event that matches.
        case any
        /// The very next event does not match.
        case notNext
        /// No event matches until the next stage's first one, or until the pattern's deadline.
        case notFollowedBy

        var isNegated: Bool { self == .notNext || self == .notFollowedBy }
    }

    @usableFromInline let name: String
    let contiguity: Contiguity
    /// The index of the stage's condition among the pattern's.
    let condition: Int
    /// Where the stage's further events may be, each seen from the one before.
    var inner = Contiguity.relaxed
    /// The number of events; nil for a stage that was given none, which is one.
    var lower: Int?
    /// The highest number of events; nil for a stage without a highest number, when ``lower`` is given.
    var upper: Int?
    var isOptional = false
    var isGreedy = false
    /// The index of the condition that ends the stage's repetitions.
    var until: Int?

    init(name: String, contiguity: Contiguity, condition: Int) {
        self.name = name
        self.contiguity = contiguity
        self.condition = condition
    }

    /// Whether the stage was told how often.
    var isRepeated: Bool { lower != nil }
    /// Whether the stage takes any number of events.
    var isLoop: Bool { lower != nil && upper == nil }

    /// Everything that decides what a saved partial match means.
    var fingerprint: String {
        "\(name) \(contiguity.rawValue) \(inner.rawValue) \(lower ?? -1) \(upper ?? -1) \(isOptional) \(isGreedy) "
            + "\(until != nil);"
    }
}
