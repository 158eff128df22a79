internal import StateBackend

/// A capture of the tables of several windows over a store: has each write there what has changed.
final class StoredWindowCapture<Key: StreamKey, Value: Sendable>: StateCapture {
    /// The windows that are taken in one piece, as far as they are small.
    private static var windowsAtOnce: Int { 16 }

    private let all: [TableCapture<Key, Value>]
    private var captures: ArraySlice<TableCapture<Key, Value>>
    private let family: TableFamily<Key, Value>
    let storedRanges: [(prefix: [UInt8], rowCount: Int)]
    let isComplete: Bool
    private(set) var stored: (any StoredRowsView)?
    private(set) var storedBytes = 0

    /// - Parameter isComplete: whether the rows are wanted when all are there, and not only to be there.
    init(
        _ captures: [TableCapture<Key, Value>], of family: TableFamily<Key, Value>,
        _ ranges: [(prefix: [UInt8], rowCount: Int)], isComplete: Bool
    ) {
        all = captures
        self.captures = captures[...]
        self.family = family
        self.isComplete = isComplete
        storedRanges = ranges
    }

    var storedRowCount: Int? { storedRanges.reduce(0) { $0 + $1.rowCount } }

    func next(_ byteLimit: Int, into rows: inout StateRows) throws -> Bool {
        for _ in 0..<Self.windowsAtOnce {
            guard let capture = captures.first else { break }
            let before = capture.storedBytes
            let hasMore = try capture.next(byteLimit, into: &rows)
            storedBytes += capture.storedBytes - before
            if hasMore { return true }
            captures.removeFirst()
        }
        guard captures.isEmpty else { return true }
        if isComplete { stored = try family.view() }
        return false
    }

    func cancel() {
        for capture in captures { capture.cancel() }
        captures = []
    }

    func forsake() {
        for capture in all { capture.forsake() }
        captures = []
    }
}
