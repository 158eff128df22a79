internal import CRocksDBShim
internal import StateBackend
internal import Synchronization

/// A state's rows as of one moment, by a snapshot of the database.
final class RocksDBView: StoredRowsView {
    private struct Held {
        let handle: RocksDBHandle
        /// The address of the snapshot.
        let snapshot: UInt
    }

    private let state: UInt16
    /// Nil when the view is released.
    ///
    /// Locked during a walk.
    private let held: Mutex<Held?>

    init(_ handle: RocksDBHandle, state: UInt16) {
        self.state = state
        let snapshot = UInt(bitPattern: weir_rocks_snapshot_create(handle.pointer))
        held = Mutex(Held(handle: handle, snapshot: snapshot))
    }

    deinit { release() }

    func scan(
        groups: Range<Int>,
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try held.withLock { held in
            guard let held, let pointer = OpaquePointer(bitPattern: held.snapshot) else {
                throw StateError(code: .storeFailed, message: "the view was released; take another one")
            }
            try RocksDBScan(held.handle, state: state, snapshot: pointer)
                .run(groups: groups, prefix: [], from: [], body)
        }
    }

    func release() {
        held.withLock { held in
            if let pointer = OpaquePointer(bitPattern: held?.snapshot ?? 0) { weir_rocks_snapshot_destroy(pointer) }
            held = nil
        }
    }
}
