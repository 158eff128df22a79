import StateBackend
import Testing

/// A later version of a type reads what an earlier one wrote, or says why not and where.
@Suite struct CodableEvolutionTests {
    struct Old: Codable {
        var id: Int32 = 5
        var name: String = "n"
        var score: Float = 0.5
        var counts: [UInt8] = [1, 2]
        var inner = Inner()
        struct Inner: Codable { var x: Int = 3 }
    }

    private func old<New: Decodable>(as type: New.Type) throws -> New {
        try CodableCodec.value(type, of: try CodableCodec.bytes(of: Old()))
    }

    @Test func optionalAndDefaultedFieldsAreAdded() throws {
        struct New: Decodable {
            var before: String?
            var id: Int32
            var inner: Inner
            struct Inner: Decodable {
                var x: Int
                var y: Int
                enum CodingKeys: CodingKey { case x, y }
                init(from decoder: any Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    x = try container.decode(Int.self, forKey: .x)
                    y = try container.decodeIfPresent(Int.self, forKey: .y) ?? 99
                }
            }
        }
        let new = try old(as: New.self)
        #expect(new.before == nil && new.id == 5 && new.inner.x == 3 && new.inner.y == 99)
    }

    @Test func fieldsAreRemovedAndReordered() throws {
        struct New: Decodable {
            var inner: Old.Inner
            var counts: [UInt8]
            var id: Int32
        }
        let new = try old(as: New.self)
        #expect(new.inner.x == 3 && new.counts == [1, 2] && new.id == 5)
    }

    @Test func numbersAreWidened() throws {
        struct New: Decodable {
            var id: Int64
            var score: Double
            var counts: [Int]
            var inner: [String: Double]
        }
        let new = try old(as: New.self)
        #expect(new.id == 5 && new.score == 0.5 && new.counts == [1, 2] && new.inner == ["x": 3])
    }

    @Test func fieldsBecomeOptional() throws {
        struct New: Decodable {
            var id: Int?
            var name: String?
            var inner: Old.Inner?
        }
        let new = try old(as: New.self)
        #expect(new.id == 5 && new.name == "n" && new.inner?.x == 3)
    }

    @Test func casesAndPayloadsAreAdded() throws {
        enum New: Codable {
            case triangle
            case circle(radius: Double, filled: Bool?)
        }
        let new: New = try CodableCodec.value(of: try CodableCodec.bytes(of: Shape.circle(radius: 3)))
        guard case .circle(3, nil) = new else {
            Issue.record("\(new)")
            return
        }
    }

    /// Many fields, asked for in the worst order, some absent.
    @Test func manyFieldsInAnyOrder() throws {
        struct Backwards: Decodable {
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                for number in (0..<200).reversed() {
                    #expect(try container.decode(Int.self, forKey: Key(stringValue: "f\(number)")) == number)
                    #expect(try container.decodeIfPresent(Int.self, forKey: Key(stringValue: "g\(number)")) == nil)
                    #expect(!container.contains(Key(stringValue: "f\(number + 200)")))
                }
            }
        }
        let bytes = try CodableCodec.bytes(of: Dictionary(uniqueKeysWithValues: (0..<200).map { ("f\($0)", $0) }))
        _ = try CodableCodec.value(Backwards.self, of: bytes)
    }

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    @Test func aMissingFieldIsNamed() throws {
        struct New: Decodable {
            var inner: Inner
            struct Inner: Decodable { var z: Int }
        }
        #expect { try old(as: New.self) } throws: { error in
            guard case .keyNotFound(let key, let context)? = error as? DecodingError else { return false }
            return key.stringValue == "z" && context.codingPath.map(\.stringValue) == ["inner"]
        }
    }

    @Test func anotherTypeIsNamedWithItsPath() throws {
        struct New: Decodable { var counts: [String] }
        #expect { try old(as: New.self) } throws: { error in
            guard case .typeMismatch(let type, let context)? = error as? DecodingError else { return false }
            return type is String.Type && context.codingPath.map(\.stringValue) == ["counts", "Index 0"]
                && context.codingPath.last?.intValue == 0
        }
    }

    @Test func nilWhereAValueIsNeededIsNamed() throws {
        #expect {
            try CodableCodec.value([Int].self, of: try CodableCodec.bytes(of: [1, nil]))
        } throws: { error in
            guard case .valueNotFound(_, let context)? = error as? DecodingError else { return false }
            return context.codingPath.first?.intValue == 1
        }
    }

    @Test(arguments: [300, -1, Int.max, Int.min])
    func numbersThatDoNotFit(value: Int) throws {
        let bytes = try CodableCodec.bytes(of: ["a": value])
        #expect(throws: DecodingError.self) { try CodableCodec.value([String: UInt8].self, of: bytes) }
        if value == .max {
            #expect(throws: DecodingError.self) { try CodableCodec.value([String: Double].self, of: bytes) }
        }
    }

    @Test func doublesNarrowOnlyWhenNothingIsLost() throws {
        #expect(try CodableCodec.value(Float.self, of: try CodableCodec.bytes(of: 0.5)) == 0.5)
        #expect(throws: DecodingError.self) {
            try CodableCodec.value(Float.self, of: try CodableCodec.bytes(of: 0.1))
        }
        #expect(throws: DecodingError.self) { try CodableCodec.value(Int.self, of: try CodableCodec.bytes(of: 1.0)) }
    }
}
