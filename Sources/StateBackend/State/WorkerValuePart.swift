/// A single value that belongs to a worker, such as what it knows of its inputs' watermarks.
public final class WorkerValuePart: StatePart {
    private let write: (inout StateEncoder) throws -> Void
    private let read: (inout StateDecoder) throws -> Void
    /// How the value finds its worker.
    public let distribution: StateDistribution

    /// Whether every worker reads all workers' values, also when there are as many as before.
    public let isReadByAll: Bool

    /// A part that is written and read by the given functions.
    public init(
        distribution: StateDistribution = .worker, isReadByAll: Bool = false,
        write: @escaping (inout StateEncoder) throws -> Void,
        read: @escaping (inout StateDecoder) throws -> Void
    ) {
        self.distribution = distribution
        self.isReadByAll = isReadByAll
        self.write = write
        self.read = read
    }

    /// The value's bytes.
    public func save(into rows: inout StateRows) throws {
        try rows.append(hash: 0) { _ in
        } value: {
            try write(&$0)
        }
    }

    /// Reads the value.
    public func load(_ row: inout StateDecoder) throws { try read(&row) }
}
