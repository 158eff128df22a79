import StateBackend
import Testing

/// Each change of a value's type: what the check says, and that what it lets through is read and the rest is not.
@Suite struct TypeChangeTests {
    struct Visit: Codable {
        var id: Int32 = -5
        var name = "n"
        var note: String?
        var tags: [String: [UInt8]] = ["t": [1]]
        var mood = Mood.good
    }
    enum Mood: String, Codable { case bad, good }
    enum Event: Codable {
        case click(x: Int, y: Int)
        case key(String)
        case idle
    }
    enum Number: Int32, Sendable { case one = 1 }

    enum Later {
        struct Same: Codable { var id: Int32, name: String, note: String?, tags: [String: [UInt8]], mood: Mood }
        struct Added: Codable {
            var id: Int32, name: String, note: String?, tags: [String: [UInt8]], mood: Mood, more: [Int]?
        }
        struct Defaulted: Codable {
            var id: Int32
            var count: Int
            enum CodingKeys: CodingKey { case id, count }
            init(from decoder: any Decoder) throws {
                let fields = try decoder.container(keyedBy: CodingKeys.self)
                id = try fields.decode(Int32.self, forKey: .id)
                count = fields.contains(.count) ? try fields.decode(Int.self, forKey: .count) : 7
            }
        }
        struct Reordered: Codable { var name: String, id: Int32 }
        struct Widened: Codable { var id: Int64, name: String?, tags: [String: [Int]] }
        struct Exact: Codable { var id: Double }
        struct Narrowed: Codable { var id: Int8 }
        struct Unsigned: Codable { var id: UInt64 }
        struct Required: Codable { var note: String }
        struct New: Codable { var id: Int32, must: Int }
        struct OtherKind: Codable { var name: [String] }
        struct OtherKeys: Codable { var tags: [Int: [UInt8]] }
        struct Nested: Codable { var mood: Inner; struct Inner: Codable { var x: Int? } }
        enum Event: Codable {
            case key(String), click(x: Int64, y: Int, z: Int?), idle, other(Visit)
        }
        enum FewerEvents: Codable { case key(String) }
        struct Migrated: Codable, Equatable { var title: String }
    }

    struct Own: StateCodable, Sendable {
        var x = 300
        func encode(into encoder: inout StateEncoder) throws { try encoder.encode(x) }
        init() {}
        init(decoding decoder: inout StateDecoder) throws { x = try decoder.decode() }
    }
    struct OwnText: StateCodable, Sendable {
        var x: String
        init(_ x: String) { self.x = x }
        static var stateVersion: Int { 2 }
        func encode(into encoder: inout StateEncoder) throws { try encoder.encode(x) }
        init(decoding decoder: inout StateDecoder) throws { x = try decoder.decode() }
    }
    struct Raw: BitwiseCopyable, Sendable { var a = 1, b = 2 }
    struct RawMore: BitwiseCopyable, Sendable { var a = 1, b = 2, c = 3 }

    static let migrating = StateCodec<Later.Migrated>.automatic.migrating(from: Visit.self) { .init(title: $0.name) }

    static let cases: [ChangeCase] = [
        // Codable: by fields.
        ChangeCase("nothing", .same, Visit(), to: Visit.self),
        ChangeCase("another name", .compatible, Visit(), to: Later.Same.self),
        ChangeCase("an optional field added", .compatible, Visit(), to: Later.Added.self),
        ChangeCase("a defaulted field added", .compatible, Visit(), to: Later.Defaulted.self),
        ChangeCase("fields reordered and removed", .compatible, Visit(), to: Later.Reordered.self),
        ChangeCase("integers widened, a field made optional", .compatible, Visit(), to: Later.Widened.self),
        ChangeCase("an integer to a Double that holds it", .compatible, Visit(), to: Later.Exact.self),
        ChangeCase("a narrower integer", .needsMigration, Visit(id: 1_000), to: Later.Narrowed.self),
        ChangeCase("an unsigned integer", .needsMigration, Visit(), to: Later.Unsigned.self),
        ChangeCase("an optional field made required", .needsMigration, Visit(), to: Later.Required.self),
        ChangeCase("a required field added", .needsMigration, Visit(), to: Later.New.self),
        ChangeCase("a field of another kind", .needsMigration, Visit(), to: Later.OtherKind.self),
        ChangeCase("a dictionary of other keys", .needsMigration, Visit(), to: Later.OtherKeys.self),
        ChangeCase("an enumeration to fields", .needsMigration, Visit(), to: Later.Nested.self),
        ChangeCase("cases added and reordered", .compatible, Event.click(x: 1, y: 2), to: Later.Event.self),
        ChangeCase("a case removed", .needsMigration, Event.idle, to: Later.FewerEvents.self),
        ChangeCase("in a list", .compatible, [Visit()], to: [Later.Added].self),
        ChangeCase("in a list, broken", .needsMigration, [Visit()], to: [Later.New].self),
        ChangeCase("made optional", .compatible, Visit(), to: Visit?.self),
        ChangeCase("no longer optional", .needsMigration, Visit?.none, to: Visit.self),
        // Own form.
        ChangeCase("an integer widened", .compatible, Int16(-9), to: Int.self),
        ChangeCase("an unsigned integer widened", .compatible, UInt8(200), to: UInt64.self),
        ChangeCase("Int64 to Int", .compatible, Int64.min, to: Int.self),
        ChangeCase("an integer narrowed", .needsMigration, 1_000_000, to: Int16.self),
        ChangeCase("a list's integers widened", .compatible, [Int32(7)], to: [Int].self),
        ChangeCase("within within", .compatible, ["a": [Int32(7)] as [Int32]?], to: [String: [Int]?].self),
        ChangeCase("a raw value widened", .same, Number.one, to: Number.self),
        ChangeCase("another type", .needsMigration, "text", to: Double.self),
        ChangeCase("a type's own form", .same, Own(), to: Own.self),
        ChangeCase("to Codable", .needsMigration, 5, to: Visit.self),
        // Bytes in memory.
        ChangeCase("the same bytes", .same, Raw(), to: Raw.self),
        ChangeCase("more bytes", .needsMigration, Raw(), to: RawMore.self),
        // Migrations.
        ChangeCase("a migration", .migrated, Visit(), to: migrating),
        ChangeCase("a migration that doesn't fit", .needsMigration, Event.idle, to: migrating),
        ChangeCase(
            "a migration of a list's elements", .migrated, [Visit()], codec: StateCodec.automatic.array,
            to: migrating.array),
        ChangeCase(
            "a migration of an optional", .migrated, Visit?.some(Visit()), codec: StateCodec.automatic.optional,
            to: migrating.optional),
        ChangeCase(
            "two migrations, one after the other", .migrated, Visit(),
            to: StateCodec<String>.automatic.migrating(from: Later.Migrated.self, codec: migrating) { $0.title }),
        ChangeCase("a version without migration", .needsMigration, "a", to: StateCodec<String>.automatic.versioned(2)),
        ChangeCase(
            "an older program", .needsMigration, "a", codec: StateCodec<String>.automatic.versioned(2),
            to: StateCodec<String>.automatic),
        ChangeCase(
            "a migration by version", .migrated, Own(),
            to: StateCodec<OwnText>.automatic.migrating(from: Own.self) { OwnText("\($0.x)") }),
        ChangeCase(
            "a migration of bytes", .migrated, "ab",
            to: StateCodec<String>.automatic.versioned(2).migrating(fromVersion: 1) { try $0.decode() + "!" }),
        ChangeCase(
            "a migration of a type of another name", .migrated, Raw(),
            to: StateCodec<Int>.automatic.migrating(
                from: Own.self, codec: StateCodec<Own>(encode: { _, _ in }, decode: { $0.skipAll() }),
                named: "Nothing"
            ) { $0.x }.migrating(from: Raw.self) { $0.a }),
    ]

    @Test(arguments: cases) func isToldAndHolds(_ change: ChangeCase) throws {
        let state = change.check()
        #expect(state.status == .both(change.expected), "\(state.line)")
        #expect(state.needsRewrite == (change.expected == .migrated))
        #expect(change.expected == .same || !state.reasons.isEmpty)
        guard state.isLoadable else {
            // The check must be no stricter than it needs: versions alone are refused for what they mean.
            if !change.testDescription.contains("version"), !change.testDescription.contains("older") {
                #expect(throws: (any Error).self) { try change.load() }
            }
            return
        }
        try change.load()
    }

    @Test func migrationsMakeTheNewValue() throws {
        var encoder = StateEncoder()
        try StateCodec<[Visit]>.automatic.encode([Visit(name: "x"), Visit(name: "y")], into: &encoder)
        let codec = StateCodec<[Later.Migrated]>.automatic.migrating(from: [Visit].self) {
            $0.map { .init(title: $0.name) }
        }
        var decoder = StateDecoder(encoder.bytes)
        let read = try codec.reading(StateCodec<[Visit]>.automatic.schema).decode(&decoder)
        #expect(read == [.init(title: "x"), .init(title: "y")])
    }
}

extension StateDecoder {
    fileprivate mutating func skipAll() -> TypeChangeTests.Own { TypeChangeTests.Own() }
}
