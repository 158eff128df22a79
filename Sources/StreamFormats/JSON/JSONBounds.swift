/// Where a record begins and ends; enough to say what is wrong with it.
///
/// The scanning functions take and return cursors by value and never the reader itself: a reader whose address
/// escapes into a call can't live in registers.
@frozen @usableFromInline
struct JSONBounds {
    @usableFromInline let start: UnsafeRawPointer
    @usableFromInline let end: UnsafeRawPointer

    @inlinable @inline(__always)
    init(start: UnsafeRawPointer, end: UnsafeRawPointer) {
        self.start = start
        self.end = end
    }

    /// The first byte at or after the cursor that is not white space.
    @inlinable @inline(__always)
    func skipSpace(_ cursor: UnsafeRawPointer) -> UnsafeRawPointer {
        if cursor < end, cursor.byte > 0x20 { return cursor }
        return skipSpaceSlowly(cursor)
    }

    @inlinable @inline(never)
    func skipSpaceSlowly(_ cursor: UnsafeRawPointer) -> UnsafeRawPointer {
        var cursor = cursor
        while cursor < end, cursor.byte == 0x20 || cursor.byte == 0x0A || cursor.byte == 0x0D || cursor.byte == 0x09 {
            cursor += 1
        }
        return cursor
    }

    /// The first quote, backslash or control character at or after the cursor, or the end.
    @inlinable @inline(__always)
    func stringStop(_ cursor: UnsafeRawPointer) -> UnsafeRawPointer {
        var cursor = cursor
        while end - cursor >= 8 {
            let stops = WordScan.stringStops(cursor.word)
            if stops != 0 { return cursor + stops.trailingZeroBitCount &>> 3 }
            cursor += 8
        }
        while cursor < end, cursor.byte != 0x22, cursor.byte != 0x5C, cursor.byte >= 0x20 { cursor += 1 }
        return cursor
    }

    /// The closing quote of a string, from a stop that is not a quote on; escapes are checked for their form.
    @usableFromInline @inline(never)
    func closingQuote(_ stop: UnsafeRawPointer) throws(DecodeError) -> UnsafeRawPointer {
        var cursor = stop
        while true {
            guard cursor < end else { throw failure(.openString, at: cursor) }
            switch cursor.byte {
            case 0x22:
                return cursor
            case 0x5C:
                cursor = stringStop(try skipEscape(cursor))
            default:
                throw failure(.controlCharacter, at: cursor)
            }
        }
    }

    /// The byte after the escape sequence at the cursor.
    private func skipEscape(_ cursor: UnsafeRawPointer) throws(DecodeError) -> UnsafeRawPointer {
        guard end - cursor >= 2 else { throw failure(.openString, at: end) }
        switch (cursor + 1).byte {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
            return cursor + 2
        case 0x75:
            for index in 2..<6 {
                guard end - cursor > index else { throw failure(.openString, at: end) }
                guard JSONText.hexDigit((cursor + index).byte) != nil else { throw failure(.badEscape, at: cursor) }
            }
            return cursor + 6
        default:
            throw failure(.badEscape, at: cursor)
        }
    }

    /// The error for a problem at a place; the slow path of every scanner.
    @usableFromInline @inline(never)
    func failure(_ problem: JSONProblem, at place: UnsafeRawPointer) -> DecodeError {
        problem.error(in: UnsafeRawBufferPointer(start: start, count: end - start), at: place - start)
    }
}
