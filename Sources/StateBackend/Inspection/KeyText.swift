/// Finds the hash of a key that is given as text, so that only its key group has to be read.
///
/// A manifest names a key's type, not how the type hashes its values. That is known of the standard library's types: of
/// integers, `Bool` and `String`. A type of a program's own, or with a raw value, may have a `stableHash` of its own, and the
/// texts of a ``Pair`` or an optional would have to be taken apart: for these all key groups are read. So they are for text
/// that isn't ASCII, which may be written in several ways that count as equal, and whose hashes differ.
enum KeyText {
    /// The hashes that the key of the given text may have; nil when that can't be told.
    ///
    /// There are several where a text stands for several keys, as `"a"` does for the string `a` as JSON and for a string
    /// with quotes.
    static func hashes(of text: String, _ schema: TypeSchema?) -> [UInt64]? {
        // What a row shows that can't be decoded is no key's text.
        guard let schema, schema.form == .own, !text.hasPrefix("{") else { return nil }
        guard schema.components.isEmpty else { return nil }
        switch schema.name {
        case "Swift.String":
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
            guard text.hasPrefix("\"") else { return [text.stableHash] }
            if text.contains("\\") { return nil }
            return [text.stableHash, String(text.dropFirst().dropLast()).stableHash]
        case "Swift.Bool": return Bool(text).map { [$0.stableHash] }
        default:
            guard schema.name.hasPrefix("Swift."), let range = IntegerRange.named(schema.name), range.bits <= 64 else {
                return nil
            }
            // The hash of a number is the same for every width.
            return range.isSigned ? Int64(text).map { [$0.stableHash] } : UInt64(text).map { [$0.stableHash] }
        }
    }
}
