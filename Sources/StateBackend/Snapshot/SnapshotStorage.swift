/// Where snapshots are kept: named objects of bytes that are put once and never changed.
///
/// As little as an object store has: put, put when absent, get, list, delete. Names are paths with slashes. All calls
/// block; the runtime makes them on threads of their own, never on a worker's.
public protocol SnapshotStorage: Sendable {
    /// What the storage is, for messages: a directory's path, a bucket's name.
    var description: String { get }

    /// Begins an object, which is there, whole and durable, once its writer has been committed, and not before.
    ///
    /// - Throws: ``SnapshotError`` with code `storageFailed`, `storageFull` or `notPermitted`.
    func put(_ name: String) throws -> any SnapshotObjectWriter

    /// Puts a file as an object; the file must not change afterwards, and may be linked rather than copied.
    ///
    /// The default reads it and writes it.
    ///
    /// - Throws: as ``put(_:)``; code `missingFile` when there is no such file.
    func put(_ name: String, file path: String) throws

    /// Puts a small object unless there is one of that name.
    ///
    /// - Returns: whether it was put.
    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool

    /// The bytes of a part of an object.
    ///
    /// - Throws: ``SnapshotError`` with code `missingFile` when there is none; a range beyond its end gives what there is.
    func get(_ name: String, range: Range<Int>) throws -> [UInt8]

    /// The object as a file that may be read or linked, but not changed, where the storage has such; else nil.
    func localPath(of name: String) -> String?

    /// The objects whose names begin with `prefix`.
    func list(_ prefix: String) throws -> [SnapshotObject]

    /// Deletes an object; nothing happens when there is none.
    func delete(_ name: String) throws

    /// Removes what writers have left that were neither committed nor aborted, as those of a process that was killed.
    ///
    /// Writers of this process that are at work are left alone. The default has nothing to remove.
    ///
    /// - Parameter time: only what was last written before it, in milliseconds since 1970 by the storage's clock.
    /// - Returns: what was removed, for messages.
    func removeUnfinished(before time: Int64) throws -> [String]
}

extension SnapshotStorage {
    /// Reads the file and writes it.
    public func put(_ name: String, file path: String) throws {
        let writer = try put(name)
        do {
            _ = try LocalFile.read(path, for: name) { try writer.write($0) }
            try writer.commit()
        } catch {
            writer.abort()
            throw error
        }
    }

    /// None.
    public func localPath(of name: String) -> String? { nil }

    /// Nothing.
    public func removeUnfinished(before time: Int64) throws -> [String] { [] }
}

/// An object of a ``SnapshotStorage``.
public struct SnapshotObject: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Its bytes.
    public let byteCount: Int
    /// When it was put, in milliseconds since 1970 by the storage's clock.
    public let modified: Int64

    /// An object.
    public init(name: String, byteCount: Int, modified: Int64) {
        self.name = name
        self.byteCount = byteCount
        self.modified = modified
    }
}

/// An object that is being put.
public protocol SnapshotObjectWriter: AnyObject {
    /// Adds bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws
    /// Makes the object durable and visible.
    func commit() throws
    /// Gives up; nothing of it is left.
    func abort()
}
