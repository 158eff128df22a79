extension JSONBounds {
    /// How deep objects and arrays may be nested in a record.
    @usableFromInline static let depthLimit = 256

    /// The byte after the value at the cursor, whatever the value is.
    ///
    /// `depth` containers are open around it.
    @usableFromInline @inline(never)
    func skipValue(_ cursor: UnsafeRawPointer, depth: Int) throws(DecodeError) -> UnsafeRawPointer {
        let cursor = skipSpace(cursor)
        guard cursor < end else { throw failure(.expectedValue, at: cursor) }
        switch cursor.byte {
        case 0x22: return try skipString(cursor)
        case 0x7B: return try skipObject(cursor, depth: depth)
        case 0x5B: return try skipArray(cursor, depth: depth)
        case 0x74: return try skipLiteral("true", cursor)
        case 0x66: return try skipLiteral("false", cursor)
        case 0x6E: return try skipLiteral("null", cursor)
        case 0x2D, 0x30...0x39:
            guard let number = DecimalNumber(json: cursor, end: end) else { throw failure(.badNumber, at: cursor) }
            return number.end
        default: throw failure(.expectedValue, at: cursor)
        }
    }

    private func skipString(_ cursor: UnsafeRawPointer) throws(DecodeError) -> UnsafeRawPointer {
        let stop = stringStop(cursor + 1)
        if stop < end, stop.byte == 0x22 { return stop + 1 }
        return try closingQuote(stop) + 1
    }

    private func skipLiteral(_ word: StaticString, _ cursor: UnsafeRawPointer) throws(DecodeError) -> UnsafeRawPointer {
        for index in 0..<word.utf8CodeUnitCount {
            guard cursor + index < end, (cursor + index).byte == word.utf8Start[index] else {
                throw failure(.expectedValue, at: cursor + index)
            }
        }
        return cursor + word.utf8CodeUnitCount
    }

    private func skipObject(_ open: UnsafeRawPointer, depth: Int) throws(DecodeError) -> UnsafeRawPointer {
        guard depth < Self.depthLimit else { throw failure(.tooDeep, at: open) }
        var cursor = skipSpace(open + 1)
        if cursor < end, cursor.byte == 0x7D { return cursor + 1 }
        while true {
            guard cursor < end, cursor.byte == 0x22 else { throw failure(.expectedName, at: cursor) }
            cursor = skipSpace(try skipString(cursor))
            guard cursor < end, cursor.byte == 0x3A else { throw failure(.expectedColon, at: cursor) }
            cursor = skipSpace(try skipValue(cursor + 1, depth: depth + 1))
            guard cursor < end else { throw failure(.expectedCommaOrBrace, at: cursor) }
            if cursor.byte == 0x7D { return cursor + 1 }
            guard cursor.byte == 0x2C else { throw failure(.expectedCommaOrBrace, at: cursor) }
            cursor = skipSpace(cursor + 1)
        }
    }

    private func skipArray(_ open: UnsafeRawPointer, depth: Int) throws(DecodeError) -> UnsafeRawPointer {
        guard depth < Self.depthLimit else { throw failure(.tooDeep, at: open) }
        var cursor = skipSpace(open + 1)
        if cursor < end, cursor.byte == 0x5D { return cursor + 1 }
        while true {
            cursor = skipSpace(try skipValue(cursor, depth: depth + 1))
            guard cursor < end else { throw failure(.expectedCommaOrBracket, at: cursor) }
            if cursor.byte == 0x5D { return cursor + 1 }
            guard cursor.byte == 0x2C else { throw failure(.expectedCommaOrBracket, at: cursor) }
            cursor += 1
        }
    }
}
