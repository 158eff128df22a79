/// Finds the newline that ends a CSV record, piece by piece.
@frozen @usableFromInline
struct CSVFrameScanner {
    @usableFromInline
    @frozen enum State {
        case fieldStart, plain, quoted, quoteInQuoted
    }

    @usableFromInline var state: State

    @inlinable @inline(__always)
    init() {
        state = .fieldStart
    }

    /// The next record's first byte comes next.
    @inlinable @inline(__always)
    mutating func reset() {
        state = .fieldStart
    }

    /// The newline that ends the record among these bytes, or nil when the record goes on after them.
    @usableFromInline
    mutating func findEnd(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer, delimiter: UInt8) -> UnsafeRawPointer? {
        var cursor = start
        while cursor < end {
            switch state {
            case .quoted:
                cursor = CSVFrameScanner.next(cursor, end, 0x22, 0x22)
                if cursor == end { return nil }
                cursor += 1
                state = .quoteInQuoted
            case .quoteInQuoted:
                if cursor.byte == 0x22 {
                    cursor += 1
                    state = .quoted
                } else {
                    state = .plain
                }
            case .fieldStart, .plain:
                let first = cursor
                cursor = CSVFrameScanner.next(cursor, end, 0x0A, 0x22)
                if cursor == end {
                    state = (end - 1).byte == delimiter ? .fieldStart : .plain
                    return nil
                }
                if cursor.byte == 0x0A { return cursor }
                let opens = cursor == first ? state == .fieldStart : (cursor - 1).byte == delimiter
                state = opens ? .quoted : .plain
                cursor += 1
            }
        }
        return nil
    }

    private static func next(
        _ start: UnsafeRawPointer, _ end: UnsafeRawPointer, _ one: UInt8, _ other: UInt8
    ) -> UnsafeRawPointer {
        var cursor = start
        while end - cursor >= 8 {
            let word = cursor.word
            let match = WordScan.firstMatch(word, one) | WordScan.firstMatch(word, other)
            if match != 0 { return cursor + match.trailingZeroBitCount &>> 3 }
            cursor += 8
        }
        while cursor < end, cursor.byte != one, cursor.byte != other { cursor += 1 }
        return cursor
    }
}
