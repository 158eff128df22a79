public import StreamCore

/// Events that make a pattern's match, or the part of one that timed out.
public struct PatternMatch<Element: Sendable>: Sendable {
    /// The events that a stage took.
    public struct Stage: Sendable {
        /// The stage's name.
        public let name: String
        /// Its events, in their order; at least one.
        public let elements: [Element]

        @usableFromInline
        init(name: String, elements: [Element]) {
            self.name = name
            self.elements = elements
        }
    }

    /// The stages that took events, in the pattern's order.
    public let stages: [Stage]
    /// The time of the first event.
    public let start: Timestamp
    /// The time of the last event.
    public let end: Timestamp

    @usableFromInline
    init(stages: [Stage], start: Timestamp, end: Timestamp) {
        self.stages = stages
        self.start = start
        self.end = end
    }

    /// The events of a stage, in their order; empty when it took none, or there is no such stage.
    public subscript(stage: String) -> [Element] { stages.first { $0.name == stage }?.elements ?? [] }

    /// All events, in their order.
    public var elements: [Element] { stages.flatMap(\.elements) }
}

extension PatternMatch.Stage: Equatable where Element: Equatable {}
extension PatternMatch: Equatable where Element: Equatable {}
