/// The first byte of a value in the form of ``CodableCodec``.
enum CodableTag {
    static let null: UInt8 = 0x00
    static let `false`: UInt8 = 0x01
    static let `true`: UInt8 = 0x02
    /// A varint follows.
    static let integer: UInt8 = 0x03
    /// The varint of -1 less the number follows.
    static let negative: UInt8 = 0x04
    /// 16 bytes follow.
    static let wide: UInt8 = 0x05
    /// 16 bytes of -1 less the number follow.
    static let wideNegative: UInt8 = 0x06
    /// 4 bytes follow.
    static let float: UInt8 = 0x07
    /// 8 bytes follow.
    static let double: UInt8 = 0x08
    /// A length and UTF-8 follow.
    static let string: UInt8 = 0x09
    /// A length and pairs of a name's number and a value follow.
    static let keyed: UInt8 = 0x0A
    /// A length and values follow.
    static let unkeyed: UInt8 = 0x0B
    /// And up to 63 more: the integer itself.
    static let smallInteger: UInt8 = 0x40
    /// And up to 63 more: a string of that many bytes, which follow.
    static let smallString: UInt8 = 0x80

    /// The number of values that the small forms have each.
    static let smallCount = 64

    /// What a value with this tag is, in messages.
    static func name(_ tag: UInt8) -> String {
        switch tag {
        case null: "nil"
        case `false`, `true`: "a Bool"
        case float, double: "a floating-point number"
        case string, smallString..<(smallString + 64): "a string"
        case keyed: "a value with fields"
        case unkeyed: "a list"
        default: "an integer"
        }
    }
}
