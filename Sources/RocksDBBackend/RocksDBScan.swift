internal import CRocksDBShim
internal import StateBackend

/// A walk through rows of one state.
struct RocksDBScan {
    private let handle: RocksDBHandle
    private let state: UInt16
    private let snapshot: OpaquePointer?

    /// The bytes of a key before those of the row's: the state's number and the group's, big endian.
    private static let prefixLength = 4

    init(_ handle: RocksDBHandle, state: UInt16, snapshot: OpaquePointer? = nil) {
        self.handle = handle
        self.state = state
        self.snapshot = snapshot
    }

    /// As ``StoredRows/scan(groups:prefix:from:_:)``.
    func run(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let groups = groups.clamped(to: 0..<KeyGroups.maximumCount)
        guard !groups.isEmpty else { return }
        let lower = bytes(groups.lowerBound) + (start.lexicographicallyPrecedes(prefix) ? prefix : start)
        let upper = bytes(groups.upperBound)
        guard
            let scan = weir_rocks_scan_create(
                handle.pointer, snapshot, lower, lower.count, upper, upper.count, !prefix.isEmpty)
        else { return }
        defer { weir_rocks_scan_destroy(scan) }

        var fault = RocksDBFault()
        var key: UnsafePointer<UInt8>?
        var value: UnsafePointer<UInt8>?
        var keyLength = 0
        var valueLength = 0
        while weir_rocks_scan_row(scan, &key, &keyLength, &value, &valueLength, &fault.error) {
            let whole = UnsafeRawBufferPointer(start: key, count: keyLength)
            let group = Int(whole[2]) << 8 | Int(whole[3])
            let rest = UnsafeRawBufferPointer(rebasing: whole[Self.prefixLength...])
            if !prefix.isEmpty && !rest.starts(with: prefix) {
                // Before the group's keys of that prefix, or behind them.
                let isBefore = rest.lexicographicallyPrecedes(prefix)
                let next = bytes(isBefore ? group : group + 1) + prefix
                weir_rocks_scan_seek(scan, next, next.count)
                continue
            }
            guard try body(group, rest, UnsafeRawBufferPointer(start: value, count: valueLength)) else { return }
            weir_rocks_scan_next(scan)
        }
        if fault.isSet { throw fault.stateError("scan", at: handle.directory) }
    }

    private func bytes(_ group: Int) -> [UInt8] {
        [UInt8(state >> 8), UInt8(state & 0xFF), UInt8(group >> 8), UInt8(group & 0xFF)]
    }
}
