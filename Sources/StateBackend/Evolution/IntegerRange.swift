/// The numbers that an integer type holds.
struct IntegerRange {
    let isSigned: Bool
    let bits: Int

    /// The range of a type of the standard library, by its name with or without module.
    static func named(_ name: String) -> IntegerRange? {
        let short = name.hasPrefix("Swift.") ? name.dropFirst(6) : name[...]
        let isSigned = !short.hasPrefix("U")
        let rest = isSigned ? short : short.dropFirst()
        guard rest.hasPrefix("Int") else { return nil }
        switch rest.dropFirst(3) {
        case "", "64": return IntegerRange(isSigned: isSigned, bits: 64)
        case "8": return IntegerRange(isSigned: isSigned, bits: 8)
        case "16": return IntegerRange(isSigned: isSigned, bits: 16)
        case "32": return IntegerRange(isSigned: isSigned, bits: 32)
        case "128": return IntegerRange(isSigned: isSigned, bits: 128)
        default: return nil
        }
    }

    /// Whether every number of `other` is one of these.
    func contains(_ other: IntegerRange) -> Bool {
        isSigned == other.isSigned ? bits >= other.bits : isSigned && bits > other.bits
    }

    /// Whether a floating-point number of the given significant bits is exact for all of these.
    func fits(significantBits: Int) -> Bool { bits - (isSigned ? 1 : 0) <= significantBits }
}
