public import StateBackend

/// A batch whose records' keys and the keys' hashes have been worked out once, in columns of their own.
///
/// Read-only for operators: a keyed batch may be shared by several.
/// Invariant (the reason for `@unchecked Sendable`): after it is filled, a keyed batch is only read, by the worker
/// that it was handed to.
public final class KeyedBatch<Key: StreamKey, Element: Sendable>: BatchPayload, @unchecked Sendable {
    /// The records and their timestamps.
    @inlinable public var records: Batch<Element> {
        @inline(__always) get { recordBatch }
        @inline(__always) set { recordBatch = newValue }
    }
    @usableFromInline @exclusivity(unchecked) var recordBatch: Batch<Element>
    /// The records' keys, as many as there are records.
    public let keys: UnsafeMutablePointer<Key>
    /// The keys' stable hashes, beside `keys`.
    public let hashes: UnsafeMutablePointer<UInt64>
    /// How many records fit.
    public let capacity: Int
    @usableFromInline @exclusivity(unchecked) var keyCount = 0
    /// Where the records from an index on were read, where not all came with the first one's batch.
    @usableFromInline @exclusivity(unchecked) var laterOrigins: [(start: Int, origin: BatchOrigin?)] = []

    /// An empty keyed batch with room for `capacity` records.
    @inlinable
    public init(capacity: Int) {
        self.capacity = Swift.max(capacity, 1)
        recordBatch = Batch(capacity: self.capacity)
        keys = .allocate(capacity: self.capacity)
        hashes = .allocate(capacity: self.capacity)
    }

    /// A keyed batch of `records`, with the keys that `keyOf` finds in them.
    @inlinable @inline(__always)
    public convenience init<Failure: Error>(
        _ records: Batch<Element>, keyOf: (Element) throws(Failure) -> Key
    ) throws(Failure) {
        self.init(records, room: records.capacity)
        try take(records, keyOf: keyOf)
    }

    /// A keyed batch that will ``take(_:keyOf:)`` batches of up to `room` records; until then it holds `none`.
    @inlinable
    init(_ none: Batch<Element>, room: Int) {
        capacity = Swift.max(room, 1)
        recordBatch = none
        keys = .allocate(capacity: capacity)
        hashes = .allocate(capacity: capacity)
    }

    /// Takes over `records`, of which there must not be more than there is room for, with the keys that `keyOf` finds.
    @inlinable @inline(__always)
    func take<Failure: Error>(_ records: Batch<Element>, keyOf: (Element) throws(Failure) -> Key) throws(Failure) {
        recordBatch = records
        let elements = records.elements
        for i in 0..<records.count {
            let key = try keyOf(elements[i])
            hashes[i] = key.stableHash
            (keys + i).initialize(to: key)
            keyCount = i &+ 1
        }
    }

    /// Whether nobody else has the records.
    @inlinable var ownsRecords: Bool { isKnownUniquelyReferenced(&recordBatch) }

    /// Destroys the records and keys and keeps the room; the batch must have its records for itself.
    @inlinable
    func removeAll() {
        forgetKeys()
        recordBatch.removeAll()
        recordBatch.origin = nil
    }

    /// Says that the first `count` places of all columns have been filled.
    @inlinable @inline(__always)
    func fill(_ count: Int) {
        keyCount = count
        recordBatch.count = count
    }

    /// Destroys the keys and lets go of the records: `none` is held in their place.
    @inlinable
    func letGo(_ none: Batch<Element>) {
        forgetKeys()
        recordBatch = none
    }

    @inlinable @inline(__always)
    func forgetKeys() {
        keys.deinitialize(count: keyCount)
        keyCount = 0
        laterOrigins.removeAll()
    }

    @inlinable
    deinit {
        keys.deinitialize(count: keyCount)
        keys.deallocate()
        hashes.deallocate()
    }

    /// The number of records.
    @inlinable public var count: Int { records.count }

    /// Adds a record; there must be room.
    @inlinable @inline(__always)
    public func append(_ element: consuming Element, at timestamp: Timestamp, key: consuming Key, hash: UInt64) {
        (keys + keyCount).initialize(to: key)
        hashes[keyCount] = hash
        keyCount &+= 1
        records.append(element, at: timestamp)
    }

    /// A keyed batch of its own with copies of the records.
    @inlinable
    public func copy() -> KeyedBatch<Key, Element> {
        let result = KeyedBatch(capacity: capacity)
        result.records = records.copy()
        result.keys.initialize(from: keys, count: keyCount)
        result.hashes.update(from: hashes, count: keyCount)
        result.keyCount = keyCount
        result.laterOrigins = laterOrigins
        return result
    }

    /// Says where the records that are added from now on were read.
    @inlinable
    func note(origin: BatchOrigin?) {
        if count == 0 {
            records.origin = origin
            laterOrigins.removeAll()
        } else if let last = laterOrigins.last, last.start == count {
            laterOrigins[laterOrigins.count - 1].origin = origin
        } else if (laterOrigins.last?.origin ?? records.origin) !== origin {
            laterOrigins.append((count, origin))
        }
    }

    /// Where a record was read, if that is known: for what is asked rarely, such as for records that were rejected.
    public func origin(at index: Int) -> BatchOrigin? {
        var origin = records.origin
        for later in laterOrigins {
            if later.start > index { break }
            origin = later.origin
        }
        return origin
    }

    /// Calls `body` with each stretch of records that were read together, and where that was, if it is known.
    @inlinable @inline(__always)
    public func forEachOrigin(_ body: (Range<Int>, BatchOrigin?) throws -> Void) rethrows {
        var start = 0
        var origin = records.origin
        for later in laterOrigins {
            try body(start..<later.start, origin)
            start = later.start
            origin = later.origin
        }
        try body(start..<count, origin)
    }
}
