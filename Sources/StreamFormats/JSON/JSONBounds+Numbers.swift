// The number readers behind the inlined fast path. Each returns the value and the byte after it.
extension JSONBounds {
    private func number(_ cursor: UnsafeRawPointer) throws(DecodeError) -> DecimalNumber {
        guard cursor < end, cursor.byte == 0x2D || cursor.byte &- 0x30 <= 9 else {
            throw failure(.notNumber, at: cursor)
        }
        guard let number = DecimalNumber(json: cursor, end: end) else { throw failure(.badNumber, at: cursor) }
        return number
    }

    @usableFromInline @inline(never)
    func int64Slowly(_ cursor: UnsafeRawPointer) throws(DecodeError) -> (Int64, UnsafeRawPointer) {
        let number = try number(cursor)
        switch number.integer(scaledBy: 0) {
        case .value(let value): return (value, number.end)
        case .overflow: throw failure(.beyondInt64, at: cursor)
        case .inexact: throw failure(.notInteger, at: cursor)
        }
    }

    @usableFromInline @inline(never)
    func decimalMicros(_ cursor: UnsafeRawPointer) throws(DecodeError) -> (Int64, UnsafeRawPointer) {
        let number = try number(cursor)
        switch number.integer(scaledBy: 6) {
        case .value(let value): return (value, number.end)
        case .overflow: throw failure(.beyondInt64, at: cursor)
        case .inexact: throw failure(.tooManyDecimals, at: cursor)
        }
    }

    @usableFromInline @inline(never)
    func double(_ cursor: UnsafeRawPointer) throws(DecodeError) -> (Double, UnsafeRawPointer) {
        let number = try number(cursor)
        guard let value = number.double else { throw failure(.beyondDouble, at: cursor) }
        return (value, number.end)
    }
}
