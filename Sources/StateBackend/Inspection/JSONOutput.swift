/// JSON being written, for people and scripts that look at snapshots.
///
/// For output that is not in a job's way; a job's JSON is written by the module StreamFormats.
public struct JSONOutput {
    /// The text so far.
    public private(set) var text = ""
    private var needsComma = false

    /// No text.
    public init() {}

    /// Writes what lies between `open` and `close`.
    public mutating func nest(_ open: Character, _ close: Character, _ body: (inout JSONOutput) throws -> Void) rethrows
    {
        separate()
        text.append(open)
        needsComma = false
        try body(&self)
        text.append(close)
        needsComma = true
    }

    /// Writes an object of the fields that `body` writes.
    public mutating func object(_ body: (inout JSONOutput) throws -> Void) rethrows { try nest("{", "}", body) }

    /// Writes an array of the values that `body` writes.
    public mutating func array(_ body: (inout JSONOutput) throws -> Void) rethrows { try nest("[", "]", body) }

    /// Writes a field's name, behind which its value must follow.
    public mutating func name(_ name: String) {
        separate()
        append(quoted: name)
        text.append(":")
        needsComma = false
    }

    /// Writes a field that is a string.
    public mutating func field(_ name: String, _ value: String) {
        self.name(name)
        self.value(value)
    }

    /// Writes a field that is a number.
    public mutating func field(_ name: String, _ value: some FixedWidthInteger) {
        self.name(name)
        raw("\(value)")
    }

    /// Writes a field that is true or false.
    public mutating func field(_ name: String, _ value: Bool) {
        self.name(name)
        raw("\(value)")
    }

    /// Writes a field that is JSON already.
    public mutating func field(_ name: String, json: String) {
        self.name(name)
        raw(json)
    }

    /// Writes a string.
    public mutating func value(_ value: String) {
        separate()
        append(quoted: value)
    }

    /// Writes a number; one that JSON doesn't have as a string.
    public mutating func value(_ value: Double) { value.isFinite ? raw("\(value)") : self.value("\(value)") }

    /// Writes JSON.
    public mutating func raw(_ json: String) {
        separate()
        text += json
    }

    private mutating func separate() {
        if needsComma { text.append(",") }
        needsComma = true
    }

    private mutating func append(quoted value: String) {
        text.append("\"")
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text.append("\"")
    }
}
