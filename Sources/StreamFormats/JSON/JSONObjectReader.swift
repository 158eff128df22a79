/// Reads one JSON object from the bytes of a record, field by field, without building anything.
///
/// ```swift
/// var object = try JSONObjectReader(bytes)
/// while let field = try object.nextField() {
///     switch field {
///     case "user_id": event.user = try object.string()
///     case "event_time": event.time = try object.int64()
///     default: try object.skipValue()
///     }
/// }
/// try object.finish()
/// ```
///
/// Each value is read or skipped exactly once. Fields come in the record's order; of duplicate names each one comes.
/// A nested object is entered with `enterObject()`: `nextField()` then gives its fields, and after its nil the outer
/// object goes on; arrays work the same way with `enterArray()` and `nextElement()`.
///
/// Invariant: a reader, and the names and slices that it gives out, must not outlive the buffer that it reads.
/// The grammar is RFC 8259; nesting is limited to 256 levels. After an error the reader is of no more use.
@frozen public struct JSONObjectReader {
    @usableFromInline let bounds: JSONBounds
    /// The first byte not yet read.
    @usableFromInline var cursor: UnsafeRawPointer
    /// How many objects and arrays are open.
    @usableFromInline var depth: Int
    /// Whether a comma must stand before the next field or element.
    @usableFromInline var needsComma: Bool

    /// Starts to read the object that the bytes hold.
    @inlinable @inline(__always)
    public init(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            throw DecodeError(code: .truncated, message: "the record is empty", offset: 0)
        }
        bounds = JSONBounds(start: base, end: base + bytes.count)
        let open = bounds.skipSpace(base)
        guard open < bounds.end, open.byte == 0x7B else { throw bounds.failure(.expectedObject, at: open) }
        cursor = open + 1
        depth = 1
        needsComma = false
    }

    /// The byte within the record that is read next.
    @inlinable
    public var offset: Int { cursor - bounds.start }

    /// The name of the next field, whose value is read next; nil at the end of the object, which is thereby left.
    @inlinable @inline(__always)
    public mutating func nextField() throws(DecodeError) -> FieldName? {
        let name: UnsafeRawPointer
        // Nearly always a comma and a quote come next, in these two bytes.
        if needsComma, bounds.end - cursor >= 2, cursor.halfWord == 0x222C {
            name = cursor + 2
        } else if let found = try bounds.nameOrEnd(cursor, needsComma: needsComma, depth: depth) {
            name = found
        } else {
            cursor = bounds.skipSpace(cursor) + 1
            depth &-= 1
            needsComma = depth != 0
            return nil
        }
        var close = bounds.stringStop(name)
        let extent: Int
        if close < bounds.end, close.byte == 0x22 {
            extent = close - name
        } else {
            close = try bounds.closingQuote(close)
            extent = ~(close - name)
        }
        let colon = bounds.skipSpace(close + 1)
        guard colon < bounds.end, colon.byte == 0x3A else { throw bounds.failure(.expectedColon, at: colon) }
        cursor = colon + 1
        needsComma = true
        return FieldName(start: name, extent: extent)
    }

    /// Passes over the next value, whatever it is; its form is checked, its text is not.
    @inlinable @inline(__always)
    public mutating func skipValue() throws(DecodeError) {
        cursor = try bounds.skipValue(cursor, depth: depth)
    }

    /// Says that the object has been read to its end; nothing but white space may follow it.
    @inlinable @inline(__always)
    public func finish() throws(DecodeError) {
        guard depth == 0 else { throw bounds.failure(.unfinished, at: cursor) }
        if cursor == bounds.end { return }
        let rest = bounds.skipSpace(cursor)
        guard rest == bounds.end else { throw bounds.failure(.trailingBytes, at: rest) }
    }

    /// Steps into the nested object that is the next value.
    @inlinable
    public mutating func enterObject() throws(DecodeError) {
        let open = bounds.skipSpace(cursor)
        guard open < bounds.end, open.byte == 0x7B else { throw bounds.failure(.notObject, at: open) }
        try enter(open)
    }

    /// Steps into the array that is the next value.
    @inlinable
    public mutating func enterArray() throws(DecodeError) {
        let open = bounds.skipSpace(cursor)
        guard open < bounds.end, open.byte == 0x5B else { throw bounds.failure(.notArray, at: open) }
        try enter(open)
    }

    @inlinable
    mutating func enter(_ open: UnsafeRawPointer) throws(DecodeError) {
        guard depth < JSONBounds.depthLimit else { throw bounds.failure(.tooDeep, at: open) }
        cursor = open + 1
        depth &+= 1
        needsComma = false
    }

    /// Whether the array has another element, which is read next; at its end the array is left.
    @inlinable
    public mutating func nextElement() throws(DecodeError) -> Bool {
        var next = bounds.skipSpace(cursor)
        if next < bounds.end, next.byte == 0x5D {
            cursor = next + 1
            depth &-= 1
            needsComma = true
            return false
        }
        if needsComma {
            guard next < bounds.end, next.byte == 0x2C else { throw bounds.failure(.expectedCommaOrBracket, at: next) }
            next += 1
        }
        cursor = next
        needsComma = true
        return true
    }

    /// Leaves the object that is being read: skips the fields not yet read.
    @inlinable
    public mutating func leaveObject() throws(DecodeError) {
        while try nextField() != nil { try skipValue() }
    }
}

extension JSONBounds {
    /// The first byte of the next name, or nil when the object ends here: the unhurried way for first fields and
    /// white space.
    @usableFromInline @inline(never)
    func nameOrEnd(
        _ cursor: UnsafeRawPointer, needsComma: Bool, depth: Int
    ) throws(DecodeError) -> UnsafeRawPointer? {
        var cursor = skipSpace(cursor)
        guard depth > 0 else { throw failure(.trailingBytes, at: cursor) }
        if cursor < end, cursor.byte == 0x7D { return nil }
        if needsComma {
            guard cursor < end, cursor.byte == 0x2C else { throw failure(.expectedCommaOrBrace, at: cursor) }
            cursor = skipSpace(cursor + 1)
        }
        guard cursor < end, cursor.byte == 0x22 else { throw failure(.expectedName, at: cursor) }
        return cursor + 1
    }
}
