import StateBackend
import Testing

/// Captures of broadcast state: piece by piece, of all or of changes, while the state changes.
@Suite struct BroadcastStateTests {
    /// Loads what a capture hands out, changing `state` meanwhile; the number of pieces and rows.
    private func take(
        _ mode: CaptureMode, of state: BroadcastState<Int, String>, into copy: BroadcastState<Int, String>
    ) throws -> (isComplete: Bool, pieces: Int, rows: Int) {
        let capture = try state.capture(mode)
        var (pieces, count) = (0, 0)
        while true {
            var rows = StateRows()
            let hasMore = try capture.next(1_000, into: &rows)
            pieces += 1
            count += rows.count
            for row in rows.rows {
                var decoder = rows.decoder(of: row)
                if row.isRemoval { try copy.unload(&decoder) } else { try copy.load(&decoder) }
            }
            if !hasMore { return (capture.isComplete, pieces, count) }
            // Later than the capture, so not in it.
            state[pieces * 7] = "later \(pieces)"
            state[pieces * 7 + 1] = nil
            state[-pieces] = "new"
        }
    }

    private func contents(_ state: BroadcastState<Int, String>) -> [Int: String] {
        var all: [Int: String] = [:]
        state.forEach { all[$0] = $1 }
        return all
    }

    @Test func aLargeMapIsTakenInPiecesAsItWas() throws {
        let (state, copy) = (BroadcastState<Int, String>(), BroadcastState<Int, String>())
        for key in 0..<5_000 { state[key] = "value \(key)" }
        var expected = contents(state)
        let first = try take(.changes, of: state, into: copy)
        #expect(first.isComplete && first.pieces > 10 && first.rows == 5_000)
        #expect(contents(copy) == expected)

        for key in 100..<110 { state[key] = nil }
        state[200] = "changed"
        expected = contents(state)
        let second = try take(.changes, of: state, into: copy)
        #expect(!second.isComplete && second.rows < 2_000)
        #expect(contents(copy) == expected)

        expected = contents(state)
        let fresh = BroadcastState<Int, String>()
        let third = try take(.everything, of: state, into: fresh)
        #expect(third.isComplete && third.rows == expected.count)
        #expect(contents(fresh) == expected)
    }
}
