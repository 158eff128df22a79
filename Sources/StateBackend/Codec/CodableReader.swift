/// Bytes of one value being read.
///
/// Values are found by their offsets. A container checks when it is opened that its values lie within it one after the
/// other (``count(from:to:named:)``), so an offset that it gives out is that of a whole value. Where a value is (the
/// coding path) is worked out from the bytes when somebody asks, which is when there is an error.
final class CodableReader {
    let bytes: [UInt8]
    let names: [String]
    /// The offset of the outermost value.
    let root: Int
    /// Where it ends.
    let end: Int
    /// The types in the value that are read by migrations.
    let migrations: [NestedMigration]

    init(bytes: [UInt8], names: [String], root: Int, end: Int, migrations: [NestedMigration] = []) {
        self.bytes = bytes
        self.names = names
        self.root = root
        self.end = end
        self.migrations = migrations
    }

    /// A varint at `offset`, which moves behind it; nil when it does not end before `limit` or has more than 64 bits.
    @inline(__always)
    func varint(at offset: inout Int, limit: Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < limit {
            let byte = bytes[offset]
            offset += 1
            if shift == 63 && byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    /// The bytes after a length at `offset`; nil when they go beyond `limit`.
    @inline(__always)
    func body(at offset: Int, limit: Int) -> Range<Int>? {
        var offset = offset
        guard let length = varint(at: &offset, limit: limit), length <= UInt64(limit - offset) else { return nil }
        return offset..<(offset + Int(length))
    }

    /// Where the value at `offset` ends; nil when that is beyond `limit`, or it is no value.
    func end(ofValueAt offset: Int, limit: Int) -> Int? {
        guard offset < limit else { return nil }
        let tag = bytes[offset]
        var next = offset + 1
        switch tag {
        case CodableTag.smallInteger..<CodableTag.smallString: return next
        case CodableTag.smallString..<(CodableTag.smallString + 64):
            next += Int(tag - CodableTag.smallString)
        case CodableTag.null, CodableTag.false, CodableTag.true: return next
        case CodableTag.integer, CodableTag.negative:
            return varint(at: &next, limit: limit) == nil ? nil : next
        case CodableTag.float: next += 4
        case CodableTag.double: next += 8
        case CodableTag.wide, CodableTag.wideNegative: next += 16
        case CodableTag.string, CodableTag.keyed, CodableTag.unkeyed:
            return body(at: next, limit: limit)?.upperBound
        default: return nil
        }
        return next <= limit ? next : nil
    }

    /// The number of a name at `offset`, which moves behind it; nil when there is no such name.
    @inline(__always)
    func name(at offset: inout Int, limit: Int) -> Int? {
        guard let number = varint(at: &offset, limit: limit), number < UInt64(names.count) else { return nil }
        return Int(number)
    }

    /// The number of values that fill `range`, each with a name in front if `named`; throws when they don't.
    func count(in range: Range<Int>, named: Bool) throws -> Int {
        var count = 0
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = offset
            if named && name(at: &offset, limit: range.upperBound) == nil {
                throw malformed("a field has no name", at: start)
            }
            guard let next = end(ofValueAt: offset, limit: range.upperBound) else {
                throw malformed("there is no whole value", at: offset)
            }
            offset = next
            count += 1
        }
        return count
    }

    /// The fields of the value at `offset`, or its elements.
    func container(_ tag: UInt8, at offset: Int, depth: Int, as type: Any.Type) throws -> Range<Int> {
        guard bytes[offset] == tag else { throw mismatch(type, at: offset) }
        guard depth <= CodableCodec.maximumDepth else {
            throw malformed("values are nested more than \(CodableCodec.maximumDepth) deep", at: offset)
        }
        guard let body = body(at: offset + 1, limit: end) else {
            throw malformed("there is no whole value", at: offset)
        }
        return body
    }

    /// The names and indices that lead to the value at `target`, as far as the bytes make sense.
    func path(to target: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var value = root
        descending: while value < target, value < end {
            let named = bytes[value] == CodableTag.keyed
            guard named || bytes[value] == CodableTag.unkeyed, let body = body(at: value + 1, limit: end) else { break }
            var offset = body.lowerBound
            var index = 0
            while offset < body.upperBound {
                var number = 0
                if named {
                    guard let name = name(at: &offset, limit: body.upperBound) else { break descending }
                    number = name
                }
                let next = self.end(ofValueAt: offset, limit: body.upperBound) ?? body.upperBound
                if target < next {
                    path.append(named ? CodablePathKey(stringValue: names[number]) : CodablePathKey(intValue: index))
                    value = offset
                    continue descending
                }
                offset = next
                index += 1
            }
            break
        }
        return path
    }

    /// The error of bytes at `offset` that can't be what they should be.
    func malformed(_ what: String, at offset: Int) -> StateError {
        let field = path(to: offset).reduce(into: "") { text, key in
            text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue
        }
        return StateError(
            code: .malformed,
            message: "\(field.isEmpty ? "" : "field \(field): ")\(what), at byte \(offset) of \(bytes.count); "
                + "the state is damaged or was written by another codec")
    }

    /// The error of a value of another type than the one asked for.
    func mismatch(_ type: Any.Type, at offset: Int) -> any Error {
        let tag = bytes[offset]
        if tag == CodableTag.null {
            return DecodingError.valueNotFound(
                type, .init(codingPath: path(to: offset), debugDescription: "\(type) was asked for, and it is nil"))
        }
        return DecodingError.typeMismatch(
            type,
            .init(
                codingPath: path(to: offset),
                debugDescription: "\(type) was asked for, and it is \(CodableTag.name(tag))"))
    }
}
