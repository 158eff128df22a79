internal import SQLConnector
internal import Weir

/// Rows in the text form of `COPY`.
enum CopyText {
    /// Appends a value; returns what is wrong with it, where it can't be written.
    static func append(_ value: SQLValue, to bytes: inout [UInt8]) -> String? {
        switch value {
        case .null: bytes.append(contentsOf: [0x5C, 0x4E])
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .real(let number): bytes.append(contentsOf: String(describing: number).utf8)
        case .boolean(let isTrue): bytes.append(isTrue ? 0x74 : 0x66)
        case .timestamp(let time): bytes.append(contentsOf: formatTimestamp(time).utf8)
        case .bytes(let value):
            bytes.append(contentsOf: [0x5C, 0x5C, 0x78])
            for byte in value {
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        case .text(let text):
            for byte in text.utf8 {
                switch byte {
                case 0: return "PostgreSQL takes no text with a zero character: \(text.debugDescription)"
                case 0x09: bytes.append(contentsOf: [0x5C, 0x74])
                case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
                case 0x0D: bytes.append(contentsOf: [0x5C, 0x72])
                case 0x5C: bytes.append(contentsOf: [0x5C, 0x5C])
                default: bytes.append(byte)
                }
            }
        }
        return nil
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
