/// The text of a decimal number, taken apart: `digits × 10^(exponent - fractionCount)`.
///
/// Nothing is rounded: integers and micros are worked out digit by digit, doubles by Clinger's exact fast path
/// ("How to read floating point numbers accurately", 1990) or the standard library.
struct DecimalNumber {
    enum Integer {
        case value(Int64)
        case overflow
        case inexact
    }

    let start: UnsafeRawPointer
    let negative: Bool
    /// The digits before the point.
    let whole: UnsafeRawBufferPointer
    /// The digits after the point.
    let fraction: UnsafeRawBufferPointer
    /// The written exponent, clamped to ±2^40.
    let exponent: Int
    /// The byte after the number.
    let end: UnsafeRawPointer

    /// Reads a number by JSON's grammar, or by a laxer one that allows leading zeros and a plus sign; nil when there is
    /// none at the cursor.
    init?(json start: UnsafeRawPointer, end limit: UnsafeRawPointer, lax: Bool = false) {
        var cursor = start
        negative = cursor < limit && cursor.byte == 0x2D
        if negative || lax && cursor < limit && cursor.byte == 0x2B { cursor += 1 }
        whole = DecimalNumber.digits(cursor, limit)
        guard let first = whole.first, lax || first != 0x30 || whole.count == 1 else { return nil }
        cursor += whole.count
        var fraction = UnsafeRawBufferPointer(start: cursor, count: 0)
        if cursor < limit, cursor.byte == 0x2E {
            fraction = DecimalNumber.digits(cursor + 1, limit)
            guard !fraction.isEmpty else { return nil }
            cursor += 1 + fraction.count
        }
        var exponent = 0
        if cursor < limit, cursor.byte | 0x20 == 0x65 {
            cursor += 1
            let down = cursor < limit && cursor.byte == 0x2D
            if down || cursor < limit && cursor.byte == 0x2B { cursor += 1 }
            let digits = DecimalNumber.digits(cursor, limit)
            guard !digits.isEmpty else { return nil }
            for digit in digits { exponent = min(exponent * 10 + Int(digit - 0x30), 1 << 40) }
            if down { exponent = -exponent }
            cursor += digits.count
        }
        self.start = start
        self.fraction = fraction
        self.exponent = exponent
        end = cursor
    }

    private static func digits(_ start: UnsafeRawPointer, _ limit: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        var cursor = start
        while cursor < limit, cursor.byte &- 0x30 <= 9 { cursor += 1 }
        return UnsafeRawBufferPointer(start: start, count: cursor - start)
    }

    /// The number times `10^power` as an integer, if it is one.
    func integer(scaledBy power: Int) -> Integer {
        let shift = exponent - fraction.count + power
        let total = whole.count + fraction.count
        var magnitude: UInt64 = 0
        for index in 0..<total {
            let digit = UInt64((index < whole.count ? whole[index] : fraction[index - whole.count]) - 0x30)
            guard total - 1 - index + shift >= 0 else {
                if digit != 0 { return .inexact }
                continue
            }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return .overflow }
            magnitude = sum
        }
        if shift > 0, magnitude != 0 {
            for _ in 0..<shift {
                let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
                if overflow { return .overflow }
                magnitude = product
            }
        }
        if negative {
            return magnitude <= 1 << 63 ? .value(Int64(truncatingIfNeeded: 0 &- magnitude)) : .overflow
        }
        return Int64(exactly: magnitude).map(Integer.value) ?? .overflow
    }

    /// The nearest Double; nil when the number is too large for one.
    var double: Double? {
        let power = exponent - fraction.count
        if whole.count + fraction.count <= 19, (-22...22).contains(power) {
            var mantissa: UInt64 = 0
            for digit in whole { mantissa = mantissa &* 10 &+ UInt64(digit - 0x30) }
            for digit in fraction { mantissa = mantissa &* 10 &+ UInt64(digit - 0x30) }
            if mantissa <= 1 << 53 {
                let scaled = power < 0 ? Double(mantissa) / powersOfTen[-power] : Double(mantissa) * powersOfTen[power]
                return negative ? -scaled : scaled
            }
        }
        let text = String(decoding: UnsafeRawBufferPointer(start: start, count: end - start), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}

/// The powers of ten that a Double holds exactly.
private let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]
