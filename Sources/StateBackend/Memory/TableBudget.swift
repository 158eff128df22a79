/// What one table takes of its worker's allowance, and whose it is.
///
/// Slots are counted exactly. What keys and values refer to (arrays, texts, maps) is estimated from a sample of entries,
/// each time the table needs room.
@usableFromInline
final class TableBudget<Key: StreamKey, Value> {
    let allowance: TableAllowance
    /// "state 's' of step 't'", for errors.
    private let name: String
    private let failure: StateFailure
    /// The bytes that an entry takes beside its slot; nil where all lies in the slot.
    private let measure: ((Key, Value) -> Int)?
    /// What an entry takes beside its slot, in bytes, by the last samples.
    private(set) var heapBytes = 0
    private var charged = 0
    private var hand = 0
    /// Tables that can make room for this one.
    weak var siblings: (any TableSiblings)?
    /// The batches that a table without a store was told of.
    @usableFromInline var batches = 0

    @usableFromInline
    init(
        step: String, state: String, keyCodec: StateCodec<Key>, valueCodec: StateCodec<Value>,
        in environment: StateEnvironment
    ) {
        name = "state '\(state)' of step '\(step)'"
        allowance = environment.allowance
        failure = environment.failure
        measure =
            _isPOD(Key.self) && _isPOD(Value.self)
            ? nil
            : { key, value in
                // What has no codec is counted as nothing: it can't be looked into.
                var encoder = StateEncoder()
                var bytes = 0
                if !_isPOD(Key.self), (try? keyCodec.encode(key, into: &encoder)) != nil {
                    bytes += encoder.bytes.count + HeapSize.ofObject
                }
                if !_isPOD(Value.self) {
                    encoder = StateEncoder()
                    let encoded = (try? valueCodec.encode(value, into: &encoder)) == nil ? 0 : encoder.bytes.count
                    bytes += HeapSize.of(value, encoded: encoded)
                }
                return bytes
            }
    }

    deinit { allowance.give(charged) }

    /// Charges the table for its slots and for as many entries as it may hold.
    @usableFromInline
    func charge(_ table: StateTable<Key, Value>) {
        sample(table)
        let bytes = table.byteCount + heapBytes * table.limit
        allowance.force(bytes - charged)
        charged = bytes
    }

    /// Whether the worker's tables have more than they should.
    @usableFromInline var isExceeded: Bool { allowance.left < 0 }

    /// The slots that the table may have whatever is left.
    var smallestTable: Int { siblings?.smallestTable ?? allowance.smallestTable }

    /// Has other tables give memory back where there isn't enough for this one to grow by half.
    @usableFromInline
    func askSiblings(for table: StateTable<Key, Value>) {
        guard allowance.total < .max, let siblings else { return }
        let capacity = table.mask + 1
        var bytes = heapBytes * table.limit / 2
        if table.size >= capacity / 4 * 3 {
            bytes = StateTable<Key, Value>.byteCount(capacity: capacity) + heapBytes * (capacity / 4)
        }
        if bytes > allowance.left { siblings.relieve(table, of: bytes) }
    }

    /// Whether the worker's tables have more than they should when this one is charged for the entries that it has.
    func isExceeded(by table: StateTable<Key, Value>) -> Bool {
        allowance.left + charged - table.byteCount - heapBytes * table.size < 0
    }

    /// Whether a table of this capacity may double it: the slots and a third more entries must fit.
    @usableFromInline
    func mayGrow(_ capacity: Int) -> Bool {
        if capacity < smallestTable { return true }
        return StateTable<Key, Value>.byteCount(capacity: capacity) + heapBytes * (capacity / 4) <= allowance.left
    }

    /// Says that the table has to be larger than it may be.
    @usableFromInline
    func noteExcess() {
        failure.note(
            StateError(
                code: .budgetExceeded,
                message: "\(name) needs more memory than the job's budget leaves it: the worker's tables take "
                    + "\(allowance.used) bytes of \(allowance.total); raise JobOptions.memoryBudget, or use a backend "
                    + "with a store"))
    }

    private func sample(_ table: StateTable<Key, Value>) {
        guard let measure, table.size > 0, allowance.total < .max else { return }
        let capacity = table.mask + 1
        let stride = Int(Double(capacity) * 0.618_033_988_749_895) | 1
        var bytes = 0
        var count = 0
        for _ in 0..<Swift.min(capacity, 1_024) where count < 64 && bytes < 1 << 16 {
            hand = (hand &+ stride) & table.mask
            guard table.tags[hand] != 0 else { continue }
            bytes += measure(table.entries[hand].key, table.entries[hand].value)
            count += 1
        }
        guard count > 0 else { return }
        let found = bytes / count
        heapBytes = heapBytes == 0 || found > heapBytes * 2 ? found : (3 * heapBytes + found) / 4
    }
}

/// What values take beside the place where they lie, roughly.
package enum HeapSize {
    /// An object's or array's header, and what the allocator adds.
    package static var ofObject: Int { 48 }

    /// - Parameter encoded: the bytes that the value is encoded in.
    static func of<Value>(_ value: Value, encoded: Int) -> Int {
        guard let container = value as? any HeapSized else { return encoded + ofObject }
        return container.heapBytes + (container.hasPlainElements ? 0 : encoded) + ofObject
    }
}

/// A value that knows what its elements take.
package protocol HeapSized {
    var heapBytes: Int { get }
    /// Whether the elements refer to nothing further.
    var hasPlainElements: Bool { get }
}

extension Array: HeapSized {
    package var heapBytes: Int {
        capacity * MemoryLayout<Element>.stride + (_isPOD(Element.self) ? 0 : count * HeapSize.ofObject)
    }
    package var hasPlainElements: Bool { _isPOD(Element.self) }
}

extension StateTable: HeapSized {
    package var heapBytes: Int {
        // The object itself, and its tags' alignment.
        byteCount + 320 + (hasPlainElements ? 0 : size * HeapSize.ofObject)
    }
    package var hasPlainElements: Bool { _isPOD(Key.self) && _isPOD(Value.self) }
}

extension OrderedEntries: HeapSized {
    package var heapBytes: Int {
        entries.capacity * MemoryLayout<Entry>.stride + (hasPlainElements ? 0 : entries.count * HeapSize.ofObject)
    }
    package var hasPlainElements: Bool { _isPOD(Entry.self) }
}

extension Expiring: HeapSized {
    package var heapBytes: Int { (value as? any HeapSized)?.heapBytes ?? 0 }
    package var hasPlainElements: Bool { (value as? any HeapSized)?.hasPlainElements ?? false }
}
