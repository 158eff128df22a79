/// A batch of records with their timestamps in a column of their own: the unit that moves between operators.
///
/// Invariant (the reason for `@unchecked Sendable`): a batch has one owner at a time. Whoever is handed a batch may
/// read it until it returns, and may change it only when it declared to consume its input; between workers a batch is
/// moved through a ring, which orders the writes before the reads.
public final class Batch<Element: Sendable>: BatchPayload, @unchecked Sendable {
    // Accesses are not checked for overlaps at run time, which would cost more than many an operator does with a record.
    // Readers in other modules are spared that by accessors only: they would check an access to the field itself.
    @usableFromInline @exclusivity(unchecked) var elementMemory: UnsafeMutablePointer<Element>
    @usableFromInline @exclusivity(unchecked) var timestampMemory: UnsafeMutablePointer<Timestamp>
    @usableFromInline @exclusivity(unchecked) var recordCount = 0
    @usableFromInline @exclusivity(unchecked) var readFrom: BatchOrigin?

    /// The records, `count` of them initialised.
    @inlinable public var elements: UnsafeMutablePointer<Element> {
        @inline(__always) get { elementMemory }
        @inline(__always) set { elementMemory = newValue }
    }

    /// The records' timestamps, beside `elements`.
    @inlinable public var timestamps: UnsafeMutablePointer<Timestamp> {
        @inline(__always) get { timestampMemory }
        @inline(__always) set { timestampMemory = newValue }
    }

    /// The number of records.
    @inlinable public var count: Int {
        @inline(__always) get { recordCount }
        @inline(__always) set { recordCount = newValue }
    }

    /// Where the records were read, as far as it is known.
    @inlinable public var origin: BatchOrigin? {
        @inline(__always) get { readFrom }
        @inline(__always) set { readFrom = newValue }
    }

    /// How many records fit.
    public let capacity: Int
    /// An empty batch with room for `capacity` records, at least one.
    @inlinable
    public init(capacity: Int) {
        self.capacity = Swift.max(capacity, 1)
        elementMemory = .allocate(capacity: self.capacity)
        timestampMemory = .allocate(capacity: self.capacity)
    }

    @inlinable
    deinit {
        elements.deinitialize(count: count)
        elements.deallocate()
        timestamps.deallocate()
    }

    /// Whether no further record fits.
    @inlinable public var isFull: Bool { count == capacity }

    /// Adds a record; there must be room.
    @inlinable @inline(__always)
    public func append(_ element: consuming Element, at timestamp: Timestamp) {
        (elements + count).initialize(to: element)
        timestamps[count] = timestamp
        count &+= 1
    }

    /// Destroys the records and keeps the room.
    @inlinable
    public func removeAll() {
        elements.deinitialize(count: count)
        count = 0
    }

    /// A batch of its own with copies of the records.
    @inlinable
    public func copy() -> Batch<Element> {
        let result = Batch(capacity: capacity)
        result.elements.initialize(from: elements, count: count)
        result.timestamps.update(from: timestamps, count: count)
        result.count = count
        result.origin = origin
        return result
    }
}

/// Where the records of a batch were read: for errors that want to say where their record came from.
public final class BatchOrigin: Sendable {
    /// The source's split: a path, a topic and partition.
    public let source: String
    /// The position in it, in the source's own units, at or after which the records were read; -1 when unknown.
    public let offset: Int64

    /// A place.
    public init(source: String, offset: Int64) {
        self.source = source
        self.offset = offset
    }
}
