import StateBackend
import Testing

/// Shapes that are found by running `init(from:)` without bytes.
@Suite struct TypeShapeTests {
    struct Address: Codable { var street: String, number: UInt16? }
    struct Rule: Codable {
        let range: ClosedRange<Int>
        let limit: Int
        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            range = try list.decode(ClosedRange<Int>.self)
            limit = 100 / (try list.decode(Int.self))
        }
        func encode(to encoder: any Encoder) throws {}
    }
    struct Strict: Codable {
        init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            guard Int(text) != nil else {
                throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no number"))
            }
        }
        func encode(to encoder: any Encoder) throws {}
    }
    struct Never: Codable {
        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodablePath.self)
            _ = try fields.decode(Int.self, forKey: .a)
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "never"))
        }
        func encode(to encoder: any Encoder) throws {}
        var name = "not trivial"
        enum CodablePath: CodingKey { case a }
    }
    struct Trapping: Codable, ShapeUnknown {
        init(from decoder: any Decoder) throws { preconditionFailure("init(from:) was run with made-up values") }
        func encode(to encoder: any Encoder) throws {}
    }
    enum Single: String, Codable { case only }
    struct Around<Inner: Codable>: Codable { var inner: Inner, other: Single }

    static var shapes: [(any Decodable.Type, String?)] {
        [
            (Int.self, "Int"), ([Int?].self, "[Int?]"), (Set<String>.self, "[String]"),
            ([String: [Int8: Bool]].self, "[String: [Int8: Bool]]"),
            (Address.self, "{street: String, number: UInt16?}"),
            (
                Visit.self,
                "{user: String, page: Int, seconds: Double, isMember: Bool, referrer: String?, tags: [String]}"
            ),
            (Colour.self, "String"), (Single.self, "String"),
            (Tree.self, "{value: Int, children: [StateBackendTests.Tree]}"),
            (
                Shape.self,
                "{empty | circle: {radius: Double} | box: {_0: Int, height: Int?} | "
                    + "group: {_0: [StateBackendTests.Shape], named: String}}"
            ),
            (Derived.self, "{super: {base: Int}, own: Int}"),
            (Empty.self, "{}"),
            (Rule.self, "((Int, Int), Int)"), (Strict.self, "String"),
            (Around<Strict>.self, "{inner: String, other: String}"),
            (Never.self, nil), (Around<Never>.self, nil), (Trapping.self, nil), (Around<Trapping>.self, nil),
        ]
    }

    @Test(arguments: shapes.indices) func isFound(_ index: Int) {
        let (type, text) = Self.shapes[index]
        #expect(TypeShape.of(type)?.text == text, "\(type)")
    }

    @Test func namesHaveNoAddresses() {
        struct Local {}
        #expect(TypeSchema.stableName(of: [Local].self) == "Swift.Array<StateBackendTests.TypeShapeTests.Local>")
        #expect(TypeSchema.stableName(of: (Int, Bool).self) == "(Swift.Int, Swift.Bool)")
    }

    @Test func schemasSurviveTheManifest() throws {
        let schema = StateCodec<[Tree]>.automatic.array.schema
        #expect(try ChangeCase.written(schema) == schema)
    }
}
