import StateBackend

/// What the codec's tests write: one type for each way in which `Codable` uses its encoder.
struct Visit: Codable, Hashable {
    var user: String
    var page: Int
    var seconds: Double
    var isMember: Bool
    var referrer: String?
    var tags: [String]
}

enum Shape: Codable, Hashable {
    case empty
    case circle(radius: Double)
    case box(Int, height: Int?)
    indirect case group([Shape], named: String)
}

enum Colour: String, Codable, Hashable, CaseIterable {
    case red, green, blue
}

struct Tree: Codable, Hashable {
    var value: Int
    var children: [Tree]

    /// A tree whose values are nested 2 * `height` + 2 deep: a struct and a list for each.
    static func chain(_ height: Int) -> Tree {
        Tree(value: height, children: height == 0 ? [] : [.chain(height - 1)])
    }
}

struct Empty: Codable, Hashable {}

class Base: Codable {
    var base = 1
}

final class Derived: Base {
    var own = 2

    private enum Keys: String, CodingKey { case own }

    override init() { super.init() }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        try super.init(from: try container.superDecoder())
        own = try container.decode(Int.self, forKey: .own)
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        let parent = container.superEncoder()
        try container.encode(own, forKey: .own)
        // After what follows it, which the encoder must put right.
        try super.encode(to: parent)
    }
}

/// Writes into its nested containers in turns.
struct Interleaved: Codable, Equatable {
    var evens: [Int]
    var odds: [Int]
    var last: String

    private enum Keys: String, CodingKey { case evens, numbers, last }

    init(evens: [Int], odds: [Int], last: String) {
        self.evens = evens
        self.odds = odds
        self.last = last
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        var first = container.nestedUnkeyedContainer(forKey: .evens)
        var second = container.nestedContainer(keyedBy: Keys.self, forKey: .numbers)
        var inner = second.nestedUnkeyedContainer(forKey: .numbers)
        for index in 0..<max(evens.count, odds.count) {
            if index < odds.count { try inner.encode(odds[index]) }
            if index < evens.count { try first.encode(evens[index]) }
        }
        try container.encode(last, forKey: .last)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        last = try container.decode(String.self, forKey: .last)
        evens = []
        odds = []
        var first = try container.nestedUnkeyedContainer(forKey: .evens)
        while !first.isAtEnd { evens.append(try first.decode(Int.self)) }
        let second = try container.nestedContainer(keyedBy: Keys.self, forKey: .numbers)
        var inner = try second.nestedUnkeyedContainer(forKey: .numbers)
        while !inner.isAtEnd { odds.append(try inner.decode(Int.self)) }
    }
}

/// Everything together.
struct Everything: Codable, Hashable {
    var visit: Visit
    var shape: Shape
    var colour: Colour?
    var small: Int8
    var unsigned: UInt64
    var float: Float
    var byName: [String: Int]
    var byNumber: [Int: Colour]
    var byColour: [Colour: [Int?]]
    var nested: [[Visit]]
    var tree: Tree
    var empty: Empty
    var set: Set<UInt16>

    static func random(using generator: inout SeededGenerator) -> Everything {
        Everything(
            visit: visit(&generator), shape: shape(&generator, depth: 3),
            colour: Colour(rawValue: ["red", "green", "blue", "none"][generator.below(4)]),
            small: Int8(truncatingIfNeeded: generator.next()), unsigned: number(&generator),
            float: Float(generator.below(1_000)) / 8,
            byName: Dictionary(
                (0..<generator.below(30)).map {
                    (text(&generator) + "\($0)", Int(bitPattern: UInt(number(&generator))))
                },
                uniquingKeysWith: { $1 }),
            byNumber: [generator.below(100) - 50: .red, 1_000: .blue],
            byColour: [.green: (0..<generator.below(4)).map { $0 % 2 == 0 ? nil : $0 }],
            nested: (0..<generator.below(3)).map { _ in (0..<generator.below(4)).map { _ in visit(&generator) } },
            tree: tree(&generator, depth: 4), empty: Empty(),
            set: Set((0..<generator.below(5)).map { _ in UInt16(truncatingIfNeeded: generator.next()) }))
    }

    private static func number(_ generator: inout SeededGenerator) -> UInt64 {
        generator.next() >> UInt64(generator.below(64))
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let pieces = ["", "a", "é", "e\u{301}", "日本", "😀", "\0", "a long piece of text, longer than what is inline "]
        return (0..<generator.below(4)).map { _ in pieces[generator.below(pieces.count)] }.joined()
    }

    private static func visit(_ generator: inout SeededGenerator) -> Visit {
        Visit(
            user: text(&generator), page: Int(truncatingIfNeeded: number(&generator)),
            seconds: Double(bitPattern: number(&generator)).isNaN ? 0 : Double(generator.below(10_000)) / 7,
            isMember: generator.below(2) == 0, referrer: generator.below(2) == 0 ? nil : text(&generator),
            tags: (0..<generator.below(3)).map { _ in text(&generator) })
    }

    private static func shape(_ generator: inout SeededGenerator, depth: Int) -> Shape {
        switch generator.below(depth == 0 ? 3 : 4) {
        case 0: .empty
        case 1: .circle(radius: Double(generator.below(100)))
        case 2: .box(generator.below(100), height: generator.below(2) == 0 ? nil : 3)
        default:
            .group((0..<generator.below(4)).map { _ in shape(&generator, depth: depth - 1) }, named: text(&generator))
        }
    }

    private static func tree(_ generator: inout SeededGenerator, depth: Int) -> Tree {
        Tree(
            value: generator.below(10) - 5,
            children: depth == 0 ? [] : (0..<generator.below(3)).map { _ in tree(&generator, depth: depth - 1) })
    }
}

extension CodableCodec {
    /// The bytes of a value.
    static func bytes<Value: Encodable>(of value: Value) throws -> [UInt8] {
        var encoder = StateEncoder()
        try encode(value, into: &encoder)
        return encoder.bytes
    }

    /// The value that is all of the bytes.
    static func value<Value: Decodable>(_ type: Value.Type = Value.self, of bytes: [UInt8]) throws -> Value {
        var decoder = StateDecoder(bytes)
        let value = try decode(type, &decoder)
        guard decoder.isAtEnd else { throw StateError(code: .malformed, message: "\(decoder.left) bytes are left") }
        return value
    }
}
