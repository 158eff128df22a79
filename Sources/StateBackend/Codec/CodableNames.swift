/// The names of fields in one value being written: each is written once and then goes by its number.
final class CodableNames {
    @exclusivity(unchecked) private var list: [String] = []
    /// From names to numbers, once there are many: the names of a struct are found faster one by one.
    private var numbers: [CodableName: Int] = [:]
    /// The number that comes next when a struct's fields are written again.
    @exclusivity(unchecked) private var expected = 0

    /// The number of a name.
    func number(of name: String) -> Int {
        if expected < list.count, Self.same(list[expected], name) {
            expected += 1
            return expected - 1
        }
        let number = find(name) ?? add(name)
        expected = number + 1
        return number
    }

    /// Writes the names in the order of their numbers, with their count in front.
    func write(to bytes: inout [UInt8]) {
        bytes.append(varint: UInt64(list.count))
        for name in list {
            bytes.append(varint: UInt64(name.utf8.count))
            bytes.append(contentsOf: name.utf8)
        }
    }

    private func find(_ name: String) -> Int? {
        if list.count > 16 { return numbers[CodableName(text: name)] }
        return list.firstIndex { Self.same($0, name) }
    }

    private func add(_ name: String) -> Int {
        list.append(name)
        if list.count == 17 {
            for (number, name) in list.enumerated() { numbers[CodableName(text: name)] = number }
        } else if list.count > 17 {
            numbers[CodableName(text: name)] = list.count - 1
        }
        return list.count - 1
    }

    private static func same(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && String.same(a, b)
    }
}

/// A name that is compared byte by byte: two that Unicode holds for equal may be two keys of a dictionary elsewhere.
struct CodableName: Hashable {
    let text: String

    static func == (a: Self, b: Self) -> Bool { String.same(a.text, b.text) }

    func hash(into hasher: inout Hasher) { hasher.combine(text.stableHash) }
}

/// A name or place on the way to a value, in errors.
struct CodablePathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "Index \(intValue)"
        self.intValue = intValue
    }

    /// The name under which a superclass goes that asks for none.
    static let `super` = CodablePathKey(stringValue: "super")
}

extension [UInt8] {
    /// Appends an integer of one to ten bytes, as ``StateEncoder/writeVarint(_:)`` does.
    mutating func append(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value &>>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }
}
