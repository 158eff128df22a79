public import StreamCore

/// The collectors of a step's side outputs on a worker, each made when something is emitted to it first.
public final class SideCollectors {
    @usableFromInline let context: OperatorContext
    /// Few, so they are searched one by one.
    @usableFromInline @exclusivity(unchecked) var known: [Side] = []

    /// The collector of a side output.
    @usableFromInline
    struct Side {
        @usableFromInline let name: String
        @usableFromInline let type: ObjectIdentifier
        /// A collector of records of that type.
        @usableFromInline let collector: AnyObject
        @usableFromInline let flush: () throws -> Void

        @inlinable
        init<Record: Sendable>(_ name: String, _ collector: Collector<Record>) {
            self.name = name
            type = ObjectIdentifier(Record.self)
            self.collector = collector
            flush = { try collector.flush() }
        }
    }

    /// None yet, for the step of the given context.
    @inlinable
    public init(_ context: OperatorContext) { self.context = context }

    /// Emits a record to a side output; nowhere when no step reads it.
    ///
    /// - Throws: ``JobError`` when the pipeline reads the side output with another type of records.
    @inlinable
    public func emit<Record: Sendable>(_ element: Record, to tag: SideOutput<Record>, at timestamp: Timestamp) throws {
        // One of another type under the same name is refused by the context.
        for i in 0..<known.count where known[i].type == ObjectIdentifier(Record.self) && known[i].name == tag.name {
            // Sound, since a collector of that type was put there with it.
            return try unsafeDowncast(known[i].collector, to: Collector<Record>.self).emit(element, at: timestamp)
        }
        guard let collector = try context.collector(for: tag) else { return }
        known.append(Side(tag.name, collector))
        try collector.emit(element, at: timestamp)
    }

    /// Passes on what was emitted.
    @inlinable
    public func flush() throws { for side in known { try side.flush() } }
}
