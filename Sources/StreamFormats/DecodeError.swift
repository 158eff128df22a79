/// Why a record could not be turned into a value, and where in the record.
///
/// Retrying does not help: the bytes are what they are. The record belongs in a dead letter output, with this error
/// beside it. The message is only built when an error is thrown.
public struct DecodeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of a decoding error; open for a decoder's own kinds.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code as it appears in logs and dead letters.
        public let rawValue: String

        /// Makes a code from its name in logs.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The record breaks the grammar of its format.
        public static let syntax = Code(rawValue: "syntax")
        /// A field that the value needs is absent.
        public static let missingField = Code(rawValue: "missing_field")
        /// The field's value has another type, or is not of the wanted form.
        public static let typeMismatch = Code(rawValue: "type_mismatch")
        /// The field's value does not fit the wanted type.
        public static let outOfRange = Code(rawValue: "out_of_range")
        /// A string is not valid UTF-8, or escapes half of a surrogate pair.
        public static let invalidUTF8 = Code(rawValue: "invalid_utf8")
        /// The record is longer than allowed.
        public static let lineTooLong = Code(rawValue: "line_too_long")
        /// The record ends before it is complete.
        public static let truncated = Code(rawValue: "truncated")
        /// The field's value is none of those that the decoder knows.
        public static let unknownValue = Code(rawValue: "unknown_value")
        /// The record has another number of columns than the header.
        public static let columnCount = Code(rawValue: "column_count")

        /// The raw value.
        public var description: String { rawValue }
    }

    /// What kind of error it is.
    public let code: Code
    /// What is wrong, in which field, and what to do about it.
    public let message: String
    /// The byte within the record at which the trouble was seen, counted from 0.
    public let offset: Int

    /// Makes an error.
    public init(code: Code, message: String, offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    /// The error of a record without a field that the value needs.
    public static func missingField(_ name: String, offset: Int = 0) -> DecodeError {
        DecodeError(
            code: .missingField,
            message: "field '\(name)' is missing; make the producer send it, or give the value a default",
            offset: offset)
    }

    /// The error of a field that holds none of the values that a decoder knows.
    public static func unknownValue(_ value: String, field: String, offset: Int = 0) -> DecodeError {
        DecodeError(
            code: .unknownValue,
            message:
                "field '\(field)' holds '\(value.prefix(64))', which the decoder does not know; teach it the value",
            offset: offset)
    }

    /// Code, place and message in one line.
    public var description: String { "\(code) at byte \(offset): \(message)" }
}
