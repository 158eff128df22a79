internal import Synchronization

/// Snapshots in memory, for tests and for trying things out: they end with the process.
public final class MemorySnapshotStorage: SnapshotStorage {
    private struct Object {
        var bytes: [UInt8]
        var modified: Int64
    }

    private let objects = Mutex<[String: Object]>([:])
    private let now: @Sendable () -> Int64

    /// An empty storage.
    ///
    /// - Parameter now: the time in milliseconds since 1970 at which objects are put. By default always 0.
    public init(now: @escaping @Sendable () -> Int64 = { 0 }) { self.now = now }

    /// "memory".
    public var description: String { "memory" }

    /// Begins an object.
    public func put(_ name: String) throws -> any SnapshotObjectWriter { MemoryObjectWriter(name, in: self) }

    /// Puts an object unless there is one of that name.
    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        let time = now()
        return objects.withLock { objects in
            if objects[name] != nil { return false }
            objects[name] = Object(bytes: bytes, modified: time)
            return true
        }
    }

    /// Bytes of an object.
    public func get(_ name: String, range: Range<Int>) throws -> [UInt8] {
        guard let bytes = self[name] else { throw SnapshotError.missing(name, in: description) }
        let start = min(max(range.lowerBound, 0), bytes.count)
        return Array(bytes[start..<min(max(range.upperBound, start), bytes.count)])
    }

    /// The objects whose names begin with `prefix`, in the order of their names.
    public func list(_ prefix: String) throws -> [SnapshotObject] {
        objects.withLock { objects in
            objects.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map {
                SnapshotObject(name: $0.key, byteCount: $0.value.bytes.count, modified: $0.value.modified)
            }
        }
    }

    /// Deletes an object.
    public func delete(_ name: String) throws { self[name] = nil }

    /// The bytes of an object, to look at or to damage; nil when there is none.
    public subscript(_ name: String) -> [UInt8]? {
        get { objects.withLock { $0[name]?.bytes } }
        set {
            let time = now()
            objects.withLock { $0[name] = newValue.map { Object(bytes: $0, modified: time) } }
        }
    }
}

/// An object being put in memory.
private final class MemoryObjectWriter: SnapshotObjectWriter {
    private let name: String
    private let storage: MemorySnapshotStorage
    private var bytes: [UInt8] = []
    private var isOpen = true

    init(_ name: String, in storage: MemorySnapshotStorage) {
        self.name = name
        self.storage = storage
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws { self.bytes.append(contentsOf: bytes) }

    func commit() throws {
        precondition(isOpen, "an object is committed once, and not after it was aborted")
        isOpen = false
        storage[name] = bytes
    }

    func abort() { isOpen = false }
}
