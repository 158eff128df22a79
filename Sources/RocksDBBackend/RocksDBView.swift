internal import CRocksDBShim
internal import StateBackend
internal import Synchronization

/// A state's rows as of one moment, by a snapshot of the database.
final class RocksDBView: StoredRowsView {
    private let handle: RocksDBHandle
    private let state: UInt16
    /// The address of the snapshot; 0 when it is released. Held during a walk.
    private let snapshot: Mutex<UInt>

    init(_ handle: RocksDBHandle, state: UInt16) {
        self.handle = handle
        self.state = state
        snapshot = Mutex(UInt(bitPattern: weir_rocks_snapshot_create(handle.pointer)))
    }

    deinit { release() }

    func scan(
        groups: Range<Int>,
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try snapshot.withLock { address in
            guard let pointer = OpaquePointer(bitPattern: address) else {
                throw StateError(code: .storeFailed, message: "the view was released; take another one")
            }
            try RocksDBScan(handle, state: state, snapshot: pointer)
                .run(groups: groups, prefix: [], from: [], body)
        }
    }

    func release() {
        snapshot.withLock { address in
            if let pointer = OpaquePointer(bitPattern: address) { weir_rocks_snapshot_destroy(pointer) }
            address = 0
        }
    }
}
