public import StreamCore

/// The collectors of a step's side outputs on a worker, each made when something is emitted to it first.
public final class SideCollectors {
    @usableFromInline let context: OperatorContext
    @usableFromInline var known: [String: (collector: AnyObject, flush: () throws -> Void)] = [:]

    /// None yet, for the step of the given context.
    @inlinable
    public init(_ context: OperatorContext) { self.context = context }

    /// Emits a record to a side output; nowhere when no step reads it.
    ///
    /// - Throws: ``JobError`` when the pipeline reads the side output with another type of records.
    @inlinable
    public func emit<Side: Sendable>(_ element: Side, to tag: SideOutput<Side>, at timestamp: Timestamp) throws {
        // One of another type under the same name is refused by the context.
        if let collector = known[tag.name]?.collector as? Collector<Side> {
            return try collector.emit(element, at: timestamp)
        }
        guard let collector = try context.collector(for: tag) else { return }
        known[tag.name] = (collector, { try collector.flush() })
        try collector.emit(element, at: timestamp)
    }

    /// Passes on what was emitted.
    @inlinable
    public func flush() throws { for side in known.values { try side.flush() } }
}
