/// Appends JSON to a byte buffer; commas are put where they belong.
///
/// ```swift
/// var json = JSONWriter()
/// json.beginObject()
/// json.field("campaign", "spring")
/// json.field("clicks", 12)
/// json.endObject()
/// json.newline()
/// ```
///
/// Whether names and values, begins and ends alternate as they must is up to the caller.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    ///
    /// May be emptied between documents, to use the memory again.
    public var bytes: [UInt8] = []
    private var needsComma = false

    /// Makes a writer with an empty buffer.
    public init() {}

    /// What has been written so far, as a string.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Begins an object.
    public mutating func beginObject() { open(0x7B) }

    /// Ends the object begun last.
    public mutating func endObject() { close(0x7D) }

    /// Begins an array.
    public mutating func beginArray() { open(0x5B) }

    /// Ends the array begun last.
    public mutating func endArray() { close(0x5D) }

    /// Writes the name of a field; its value must be written next.
    public mutating func name(_ name: String) {
        separate()
        quote(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// Writes a string.
    public mutating func value(_ string: String) {
        separate()
        quote(string)
    }

    /// Writes an integer.
    public mutating func value(_ integer: some BinaryInteger) {
        separate()
        bytes.append(contentsOf: String(integer).utf8)
    }

    /// Writes a number in its shortest form that reads back as the same; `null` for NaN and infinities.
    public mutating func value(_ number: Double) {
        separate()
        bytes.append(contentsOf: number.isFinite ? number.description.utf8 : "null".utf8)
    }

    /// Writes `true` or `false`.
    public mutating func value(_ flag: Bool) {
        separate()
        bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes milliseconds since 1970-01-01 UTC as an ISO 8601 string.
    public mutating func timestamp(_ milliseconds: Int64) {
        separate()
        bytes.append(0x22)
        TimestampFormatter.append(milliseconds, to: &bytes)
        bytes.append(0x22)
    }

    /// Writes a field with a string.
    public mutating func field(_ name: String, _ string: String) {
        self.name(name)
        value(string)
    }

    /// Writes a field with an integer.
    public mutating func field(_ name: String, _ integer: some BinaryInteger) {
        self.name(name)
        value(integer)
    }

    /// Writes a field with a number; `null` for NaN and infinities.
    public mutating func field(_ name: String, _ number: Double) {
        self.name(name)
        value(number)
    }

    /// Writes a field with a truth value.
    public mutating func field(_ name: String, _ flag: Bool) {
        self.name(name)
        value(flag)
    }

    /// Ends the line; the next document starts on a new one.
    public mutating func newline() {
        bytes.append(0x0A)
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quote(_ string: String) {
        bytes.append(0x22)
        var string = string
        string.withUTF8 { text in
            var run = 0
            for index in text.indices where text[index] < 0x20 || text[index] == 0x22 || text[index] == 0x5C {
                bytes.append(contentsOf: text[run..<index])
                escape(text[index])
                run = index + 1
            }
            bytes.append(contentsOf: text[run...])
        }
        bytes.append(0x22)
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            let digits: StaticString = "0123456789abcdef"
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits.utf8Start[Int(byte >> 4)])
            bytes.append(digits.utf8Start[Int(byte & 15)])
        }
    }
}
