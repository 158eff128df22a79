internal import StateBackend

/// A capture of the tables of several windows, one after the other.
final class WindowCapture<Key: StreamKey, Accumulator: Sendable>: StateCapture {
    private var captures: ArraySlice<TableCapture<Key, Accumulator>>
    private var removals: StateRows
    let isComplete: Bool
    private let end: (_ isDone: Bool) -> Void
    private var hasEnded = false

    /// A capture of what `captures` give and of `removals`.
    ///
    /// - Parameter end: called once, when everything was handed out or the capture is cancelled.
    init(
        _ captures: [TableCapture<Key, Accumulator>], removals: StateRows, isComplete: Bool,
        _ end: @escaping (_ isDone: Bool) -> Void
    ) {
        self.captures = captures[...]
        self.removals = removals
        self.isComplete = isComplete
        self.end = end
    }

    func next(_ byteLimit: Int, into rows: inout StateRows) throws -> Bool {
        if !removals.isEmpty { rows.append(removals.take()) }
        while let capture = captures.first {
            let left = byteLimit - rows.byteCount
            guard left > 0 else { return true }
            if try capture.next(left, into: &rows) { return true }
            captures.removeFirst()
        }
        finish(isDone: true)
        return false
    }

    func cancel() {
        for capture in captures { capture.cancel() }
        captures = []
        finish(isDone: false)
    }

    private func finish(isDone: Bool) {
        guard !hasEnded else { return }
        hasEnded = true
        end(isDone)
    }
}
