internal import CRocksDBShim
internal import StateBackend

/// An open database and its directory; closed and deleted when the last one who uses it is gone.
///
/// Invariant for `@unchecked Sendable`: the pointer never changes, and RocksDB takes calls from any thread; what it
/// handed out (views, walks, readers) refers to the handle, so that the database is closed after them.
final class RocksDBHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    /// The directory of everything that belongs to the database.
    let directory: String
    private let lock: Int32
    /// What the functions refer to that the C side calls; given up when it can't call any more.
    private var clocks: [Unmanaged<ExpiryClock>] = []

    init(pointer: OpaquePointer, directory: String, lock: Int32) {
        self.pointer = pointer
        self.directory = directory
        self.lock = lock
    }

    deinit {
        weir_rocks_close(pointer)
        weir_rocks_release_directory(directory, lock)
        for clock in clocks { clock.release() }
    }

    /// Drops rows of the state that have ended; called by the store's thread.
    func expire(_ state: UInt16, _ now: @escaping @Sendable () -> Int64) {
        let clock = Unmanaged.passRetained(ExpiryClock(now))
        clocks.append(clock)
        weir_rocks_expire(
            pointer, state,
            { context in
                guard let context else { return .min }
                return Unmanaged<ExpiryClock>.fromOpaque(context).takeUnretainedValue().now()
            }, clock.toOpaque())
    }
}

/// The time by which rows end.
private final class ExpiryClock: Sendable {
    let now: @Sendable () -> Int64

    init(_ now: @escaping @Sendable () -> Int64) { self.now = now }
}
