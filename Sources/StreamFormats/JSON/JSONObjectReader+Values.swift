extension JSONObjectReader {
    /// The next value, a string, as it stands between its quotes.
    ///
    /// The bytes are a slice of the record and not checked to be UTF-8. With `hasEscapes` they hold escape sequences,
    /// whose form has been checked.
    @inlinable @inline(__always)
    public mutating func stringBytes() throws(DecodeError) -> (bytes: UnsafeRawBufferPointer, hasEscapes: Bool) {
        let open = bounds.skipSpace(cursor)
        guard open < bounds.end, open.byte == 0x22 else { throw bounds.failure(.notString, at: open) }
        let first = open + 1
        var close = bounds.stringStop(first)
        var hasEscapes = false
        if close >= bounds.end || close.byte != 0x22 {
            close = try bounds.closingQuote(close)
            hasEscapes = true
        }
        cursor = close + 1
        return (UnsafeRawBufferPointer(start: first, count: close - first), hasEscapes)
    }

    /// The next value, a string, with its escapes replaced.
    @inlinable @inline(__always)
    public mutating func string() throws(DecodeError) -> String {
        let (bytes, hasEscapes) = try stringBytes()
        if !hasEscapes, let string = validatedString(bytes) { return string }
        return try bounds.decodeSlowly(bytes)
    }

    /// The next value, an integer.
    ///
    /// `1.0` and `1e3` are integers too.
    @inlinable @inline(__always)
    public mutating func int64() throws(DecodeError) -> Int64 {
        let start = bounds.skipSpace(cursor)
        var digits = start
        let negative = digits < bounds.end && digits.byte == 0x2D
        if negative { digits += 1 }
        var next = digits
        var magnitude: UInt64 = 0
        if bounds.end - next >= 8, WordScan.isEightDigits(next.word) {
            magnitude = WordScan.eightDigits(next.word)
            next += 8
        }
        while next < bounds.end, next.byte &- 0x30 <= 9 {
            magnitude = magnitude &* 10 &+ UInt64(next.byte &- 0x30)
            next += 1
        }
        let count = next - digits
        if count >= 1, count <= 18, count == 1 || digits.byte != 0x30,
            next == bounds.end || (next.byte != 0x2E && next.byte | 0x20 != 0x65)
        {
            cursor = next
            return negative ? 0 &- Int64(truncatingIfNeeded: magnitude) : Int64(truncatingIfNeeded: magnitude)
        }
        let (value, end) = try bounds.int64Slowly(start)
        cursor = end
        return value
    }

    /// The next value, a number, as the nearest Double.
    @inlinable @inline(__always)
    public mutating func double() throws(DecodeError) -> Double {
        let (value, end) = try bounds.double(bounds.skipSpace(cursor))
        cursor = end
        return value
    }

    /// The next value, a number with at most six decimals, in millionths; exact.
    @inlinable @inline(__always)
    public mutating func decimalMicros() throws(DecodeError) -> Int64 {
        let (value, end) = try bounds.decimalMicros(bounds.skipSpace(cursor))
        cursor = end
        return value
    }

    /// The next value, `true` or `false`.
    @inlinable @inline(__always)
    public mutating func bool() throws(DecodeError) -> Bool {
        let start = bounds.skipSpace(cursor)
        guard start < bounds.end, start.byte == 0x74 || start.byte == 0x66 else {
            throw bounds.failure(.notBool, at: start)
        }
        cursor = try bounds.skipValue(start, depth: depth)
        return start.byte == 0x74
    }

    /// Whether the next value is `null`; it is not read by that.
    @inlinable @inline(__always)
    public func isNull() -> Bool {
        let start = bounds.skipSpace(cursor)
        return start < bounds.end && start.byte == 0x6E
    }

    /// Reads the next value, `null`.
    @inlinable @inline(__always)
    public mutating func null() throws(DecodeError) {
        guard isNull() else { throw bounds.failure(.notNull, at: bounds.skipSpace(cursor)) }
        try skipValue()
    }

    /// The next value as milliseconds since 1970-01-01 UTC: such a number, or a string with an ISO 8601 time.
    @inlinable @inline(__always)
    public mutating func timestamp() throws(DecodeError) -> Int64 {
        let start = bounds.skipSpace(cursor)
        guard start < bounds.end, start.byte == 0x22 else { return try int64() }
        let (bytes, hasEscapes) = try stringBytes()
        return try bounds.timestamp(bytes, hasEscapes: hasEscapes, at: start)
    }
}

extension JSONBounds {
    @usableFromInline @inline(never)
    func timestamp(
        _ bytes: UnsafeRawBufferPointer, hasEscapes: Bool, at place: UnsafeRawPointer
    ) throws(DecodeError) -> Int64 {
        var badEscape = 0
        let parsed: TimestampParser.Outcome
        if hasEscapes, let text = JSONText.unescaped(bytes, badEscape: &badEscape) {
            parsed = text.withUnsafeBytes { TimestampParser.outcome($0) }
        } else {
            parsed = TimestampParser.outcome(bytes)
        }
        switch parsed {
        case .milliseconds(let value): return value
        case .problem(let message, _):
            let error = failure(.notTimestamp, at: place)
            throw DecodeError(code: error.code, message: "\(error.message) (\(message))", offset: error.offset)
        }
    }
}
