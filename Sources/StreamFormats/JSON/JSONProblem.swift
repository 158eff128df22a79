/// What can be wrong with a JSON record; turned into an error, with the field's name, only when thrown.
@usableFromInline
enum JSONProblem {
    case expectedObject, expectedName, expectedColon, expectedCommaOrBrace, expectedCommaOrBracket, expectedValue
    case unfinished, trailingBytes, tooDeep
    case openString, controlCharacter, badEscape, loneSurrogate, invalidUTF8
    case badNumber, notInteger, tooManyDecimals, beyondInt64, beyondDouble
    case notString, notNumber, notBool, notNull, notObject, notArray, notTimestamp

    func error(in record: UnsafeRawBufferPointer, at offset: Int) -> DecodeError {
        let field = JSONProblem.fieldPath(in: record, before: offset)
        let place = field.isEmpty ? "" : "field '\(field)': "
        var code = self.code
        if offset >= record.count, code == .syntax || code == .typeMismatch, self != .notTimestamp {
            return DecodeError(
                code: .truncated, message: "\(place)the record ends where it should go on; was it cut off?",
                offset: offset)
        }
        var text = self.text
        if code == .typeMismatch, let wanted = wantedType {
            let found = JSONProblem.kindOfValue(record[offset])
            if found.isEmpty { code = .syntax }
            text = found.isEmpty ? "expected \(wanted), found no JSON value" : "expected \(wanted), found \(found)"
            text += found == "null" ? "; test isNull() first" : "; read it as what it is, or correct the producer"
        }
        return DecodeError(code: code, message: place + text, offset: offset)
    }

    private var code: DecodeError.Code {
        switch self {
        case .beyondInt64, .beyondDouble: return .outOfRange
        case .loneSurrogate, .invalidUTF8: return .invalidUTF8
        case .notInteger, .tooManyDecimals, .notTimestamp: return .typeMismatch
        case .notString, .notNumber, .notBool, .notNull, .notObject, .notArray: return .typeMismatch
        default: return .syntax
        }
    }

    private var wantedType: String? {
        switch self {
        case .notString: return "a string"
        case .notNumber: return "a number"
        case .notBool: return "true or false"
        case .notNull: return "null"
        case .notObject: return "an object"
        case .notArray: return "an array"
        default: return nil
        }
    }

    private var text: String {
        switch self {
        case .expectedObject: return "expected '{': each record must be one JSON object"
        case .expectedName: return "expected a field name in double quotes"
        case .expectedColon: return "expected ':' after the field name"
        case .expectedCommaOrBrace:
            return "expected ',' or '}' after the value (a decoder must read or skip each value exactly once)"
        case .expectedCommaOrBracket:
            return "expected ',' or ']' after the value (a decoder must read or skip each element exactly once)"
        case .expectedValue: return "expected a JSON value"
        case .unfinished: return "finish() was called before nextField() returned nil; read or skip all fields"
        case .trailingBytes: return "more bytes after the object's end; put one object on each line"
        case .tooDeep: return "nested deeper than \(JSONBounds.depthLimit) levels; flatten the record"
        case .openString: return "a string is not closed"
        case .controlCharacter: return "control character within a string; the producer must escape it"
        case .badEscape: return "unknown escape sequence in a string"
        case .loneSurrogate: return "\\u escape of half a surrogate pair; the producer must write both halves"
        case .invalidUTF8: return "a string is not valid UTF-8; the producer must write UTF-8"
        case .badNumber: return "malformed number"
        case .notInteger: return "expected an integer, found a number with a fraction; read it with double()"
        case .tooManyDecimals: return "more than six decimals; read it with double(), or round it in the producer"
        case .beyondInt64: return "the number does not fit 64 bits; read it with double() or as a string"
        case .beyondDouble: return "the number is larger than a Double can be"
        case .notTimestamp: return "expected milliseconds since 1970 or an ISO 8601 time"
        case .notString, .notNumber, .notBool, .notNull, .notObject, .notArray: return ""
        }
    }

    private static func kindOfValue(_ byte: UInt8) -> String {
        switch byte {
        case 0x22: return "a string"
        case 0x7B: return "an object"
        case 0x5B: return "an array"
        case 0x74, 0x66: return "a boolean"
        case 0x6E: return "null"
        case 0x2D, 0x30...0x39: return "a number"
        default: return ""
        }
    }

    /// The names of the fields around a place, outermost first, joined by dots; empty when there are none.
    ///
    /// Reads the record anew from its start, tolerating anything: the hot path keeps no track of names.
    static func fieldPath(in record: UnsafeRawBufferPointer, before offset: Int) -> String {
        var names: [Substring?] = []
        var lastString: Range<Int>?
        var index = 0
        while index < min(offset, record.count) {
            switch record[index] {
            case 0x22:
                let open = index + 1
                index = open
                while index < record.count, record[index] != 0x22 { index += record[index] == 0x5C ? 2 : 1 }
                lastString = open..<max(open, min(index, record.count))
            case 0x3A:
                if let range = lastString, !names.isEmpty {
                    names[names.count - 1] = String(decoding: record[range], as: UTF8.self).prefix(64)
                }
            case 0x7B, 0x5B:
                names.append(nil)
            case 0x7D, 0x5D:
                _ = names.popLast()
            default:
                break
            }
            index += 1
        }
        return names.compactMap { $0 }.suffix(8).joined(separator: ".")
    }
}
