#if canImport(Glibc)
    public import Glibc
#elseif canImport(Musl)
    public import Musl
#else
    public import Darwin
#endif

/// The name of a field, borrowed from the record.
///
/// Made to be switched over with string literals: each case is a comparison of lengths and, when they are equal, of
/// bytes. It must not outlive the bytes of the record; `string` copies it.
@frozen public struct FieldName: CustomStringConvertible {
    @usableFromInline let start: UnsafeRawPointer
    /// The number of bytes between the quotes; its complement when there are escapes among them, so that one
    /// comparison with a literal's length rules out both.
    @usableFromInline let extent: Int

    @inlinable @inline(__always)
    init(start: UnsafeRawPointer, extent: Int) {
        self.start = start
        self.extent = extent
    }

    /// Whether the name has escape sequences, which `rawBytes` shows as they are.
    @inlinable @inline(__always)
    public var hasEscapes: Bool { extent < 0 }

    /// The bytes between the quotes as they stand in the record.
    @inlinable @inline(__always)
    public var rawBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: extent < 0 ? ~extent : extent)
    }

    /// Whether the name, with its escapes replaced, is the literal.
    @inlinable @inline(__always)
    public static func ~= (pattern: StaticString, name: FieldName) -> Bool {
        if name.extent == pattern.utf8CodeUnitCount {
            return memcmp(name.start, pattern.utf8Start, pattern.utf8CodeUnitCount) == 0
        }
        return name.extent < 0 && name.matchesSlowly(pattern)
    }

    /// Whether the name, with its escapes replaced, is the literal.
    @inlinable @inline(__always)
    public static func == (name: FieldName, literal: StaticString) -> Bool { literal ~= name }

    @usableFromInline @inline(never)
    func matchesSlowly(_ pattern: StaticString) -> Bool {
        var badEscape = 0
        guard let text = JSONText.unescaped(rawBytes, badEscape: &badEscape) else { return false }
        return text.elementsEqual(UnsafeBufferPointer(start: pattern.utf8Start, count: pattern.utf8CodeUnitCount))
    }

    /// The name as a string, with its escapes replaced.
    public var string: String {
        get throws(DecodeError) {
            let bytes = rawBytes
            if !hasEscapes, let string = validatedString(bytes) { return string }
            return try JSONBounds(start: start, end: start + bytes.count).decodeSlowly(bytes)
        }
    }

    /// The bytes between the quotes, with what is not UTF-8 replaced.
    public var description: String { String(decoding: rawBytes, as: UTF8.self) }
}
