internal import Synchronization

/// Snapshots in memory, for tests: what is put is there until the storage goes.
public final class MemorySnapshotStorage: SnapshotStorage {
    private struct State {
        var objects: [String: (bytes: [UInt8], modified: Int64)] = [:]
        /// Counts the changes; an object's time of change is the count then.
        var changes: Int64 = 0
    }

    private let state = Mutex(State())

    /// A storage without objects.
    public init() {}

    /// "memory".
    public var description: String { "memory" }

    /// Begins an object.
    public func put(_ name: String) -> any SnapshotObjectWriter { MemoryObjectWriter(storage: self, name: name) }

    /// Puts an object unless there is one.
    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard state.objects[name] == nil else { return false }
            state.changes += 1
            state.objects[name] = (bytes, state.changes)
            return true
        }
    }

    /// The bytes of a part of an object.
    public func get(_ name: String, range: Range<Int>) throws -> [UInt8] {
        guard let bytes = state.withLock({ $0.objects[name]?.bytes }) else {
            throw SnapshotError.missing(name, in: description)
        }
        return Array(bytes[range.clamped(to: 0..<bytes.count)])
    }

    /// The objects whose names begin with `prefix`.
    public func list(_ prefix: String) -> [SnapshotObject] {
        state.withLock { state in
            state.objects.filter { $0.key.hasPrefix(prefix) }.map {
                SnapshotObject(name: $0.key, byteCount: $0.value.bytes.count, modified: $0.value.modified)
            }
        }.sorted { $0.name < $1.name }
    }

    /// Deletes an object.
    public func delete(_ name: String) { state.withLock { $0.objects[name] = nil } }

    /// Puts other bytes in an object's place, as a fault of a disk would; with nil the object goes.
    public func overwrite(_ name: String, with bytes: [UInt8]?) {
        state.withLock { state in state.objects[name] = bytes.map { ($0, state.changes) } }
    }

    fileprivate func set(_ name: String, _ bytes: [UInt8]) {
        state.withLock { state in
            state.changes += 1
            state.objects[name] = (bytes, state.changes)
        }
    }
}

/// An object that is being put.
private final class MemoryObjectWriter: SnapshotObjectWriter {
    private let storage: MemorySnapshotStorage
    private let name: String
    private var bytes: [UInt8] = []

    init(storage: MemorySnapshotStorage, name: String) {
        self.storage = storage
        self.name = name
    }

    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }

    func commit() { storage.set(name, bytes) }

    func abort() { bytes = [] }
}
