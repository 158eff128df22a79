/// Turns the inside of a JSON string with escapes into text.
enum JSONText {
    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: return UInt32(byte - 0x30)
        case 0x41...0x46: return UInt32(byte - 0x41 + 10)
        case 0x61...0x66: return UInt32(byte - 0x61 + 10)
        default: return nil
        }
    }

    /// The bytes with every escape replaced, or nil with the place when an escape is malformed or half a surrogate pair.
    ///
    /// - Parameter bytes: What stands between the quotes.
    static func unescaped(_ bytes: UnsafeRawBufferPointer, badEscape: inout Int) -> [UInt8]? {
        var text = [UInt8]()
        text.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == 0x5C else {
                text.append(byte)
                index += 1
                continue
            }
            badEscape = index
            guard index + 1 < bytes.count else { return nil }
            if bytes[index + 1] == 0x75 {
                guard let (scalar, length) = unicodeEscape(bytes, at: index) else { return nil }
                text.append(contentsOf: String(scalar).utf8)
                index += length
            } else {
                guard let plain = simpleEscape(bytes[index + 1]) else { return nil }
                text.append(plain)
                index += 2
            }
        }
        return text
    }

    private static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x22, 0x5C, 0x2F: return byte
        case 0x62: return 0x08
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        default: return nil
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that form a surrogate pair, and how many bytes they take.
    private static func unicodeEscape(_ bytes: UnsafeRawBufferPointer, at index: Int) -> (Unicode.Scalar, Int)? {
        guard let unit = codeUnit(bytes, at: index) else { return nil }
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        guard unit < 0xDC00, let low = codeUnit(bytes, at: index + 6), (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else { return nil }
        return (scalar, 12)
    }

    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == 0x5C, bytes[index + 1] == 0x75 else { return nil }
        var unit: UInt32 = 0
        for place in index + 2..<index + 6 {
            guard let digit = hexDigit(bytes[place]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }
}

extension JSONBounds {
    /// The text of a string that has escapes or is not valid UTF-8; says which.
    ///
    /// - Parameter bytes: What stands between the quotes, within this record.
    @usableFromInline @inline(never)
    func decodeSlowly(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) -> String {
        guard let base = bytes.baseAddress else { return "" }
        var badEscape = 0
        guard let text = JSONText.unescaped(bytes, badEscape: &badEscape) else {
            throw failure(.loneSurrogate, at: base + badEscape)
        }
        guard let string = String(validating: text, as: UTF8.self) else { throw failure(.invalidUTF8, at: base) }
        return string
    }
}
