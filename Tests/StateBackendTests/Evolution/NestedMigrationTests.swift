import StateBackend
import Testing

/// Types that bring migrations, within other types.
@Suite struct NestedMigrationTests {
    struct PageV1: Codable, Hashable { var name = "a" }
    struct PageV2: Codable, Hashable { var label = "b" }
    struct Page: Codable, Hashable, StateMigrating {
        var title = "c"
        static func migrations(_ codec: StateCodec<Page>) -> StateCodec<Page> {
            codec.migrating(from: PageV1.self) { Page(title: $0.name) }
                .migrating(from: PageV2.self) { Page(title: $0.label) }
        }
    }

    struct Visits: Codable, Equatable { var counts = [Page(): 3], last = Page() }
    struct Two<First: Codable & Hashable, Second: Codable & Hashable>: Codable, Hashable {
        var a: First, b: Second
        var more: [Second]? = nil
    }

    /// A container of a user, which has components and reads them itself.
    struct Box<Value: StateCodable & Sendable>: StateCodable, Sendable {
        var value: Value
        init(_ value: Value) { self.value = value }
        static var stateComponents: [TypeSchema] { [StateCodec<Value>.automatic.schema] }
        func encode(into encoder: inout StateEncoder) throws { try encoder.encode(value) }
        init(decoding decoder: inout StateDecoder) throws { value = try decoder.decode() }
    }
    struct CountV1: StateCodable, Sendable {
        var text = "7"
        func encode(into encoder: inout StateEncoder) throws { try encoder.encode(text) }
        init() {}
        init(decoding decoder: inout StateDecoder) throws { text = try decoder.decode() }
    }
    struct Count: StateCodable, StateMigrating, Sendable {
        static var stateVersion: Int { 2 }
        var number: Int
        init(_ number: Int) { self.number = number }
        func encode(into encoder: inout StateEncoder) throws { try encoder.encode(number) }
        init(decoding decoder: inout StateDecoder) throws { number = try decoder.decode() }
        static func migrations(_ codec: StateCodec<Count>) -> StateCodec<Count> {
            codec.migrating(from: CountV1.self) { Count(Int($0.text) ?? 0) }
        }
    }
    struct Name<Value: StateCodable & Sendable>: RawRepresentable, Sendable { var rawValue: Value }

    /// A type whose bytes changed by version, alone and within others.
    struct Versioned: Codable, StateMigrating {
        var x: Int
        var y: Int
        static func migrations(_ codec: StateCodec<Versioned>) -> StateCodec<Versioned> {
            codec.versioned(2).migrating(fromVersion: 1) { decoder in
                let old = try StateCodec<VersionedV1>.automatic.decode(&decoder)
                return Versioned(x: old.x, y: -1)
            }
        }
    }
    struct VersionedV1: Codable { var x = 1 }
    struct Around<Value: Codable>: Codable { var value: Value }

    private static func fit<Old, New>(_ old: Old.Type, _ new: New.Type) throws -> StateFit? {
        let state = ChangeCase.compare(
            try ChangeCase.written(StateCodec<Old>.automatic.schema), StateCodec<New>.automatic.schema)
        guard case .both(let fit) = state.status else { return nil }
        return fit
    }

    private static func read<Old, New>(_ old: Old, as type: New.Type) throws -> New {
        var encoder = StateEncoder()
        let codec = StateCodec<Old>.automatic
        try codec.encode(old, into: &encoder)
        var decoder = StateDecoder(encoder.bytes)
        return try StateCodec<New>.automatic.reading(try ChangeCase.written(codec.schema)).decode(&decoder)
    }

    @Test func anUnchangedProgramReadsItsOwnSnapshot() throws {
        #expect(try Self.fit(Visits.self, Visits.self) == .same)
        #expect(try Self.fit([Page: Page].self, [Page: Page].self) == .same)
        #expect(try Self.fit(Box<Count>.self, Box<Count>.self) == .same)
        #expect(try Self.read(Visits(), as: Visits.self) == Visits())
    }

    @Test func containersThatReadTheirPartsThemselvesAreRefused() throws {
        #expect(try Self.fit([CountV1].self, [Count].self) == .migrated)
        #expect(try Self.read([CountV1()], as: [Count].self).map(\.number) == [7])
        // The names of old types in old programs are those of the new ones.
        func renamed(_ schema: TypeSchema, _ name: String) -> TypeSchema {
            var schema = schema
            schema.name = name
            return schema
        }
        let (box, name) = (StateCodec<Box<Count>>.automatic.schema, StateCodec<Name<Count>>.automatic.schema)
        let oldBox = renamed(StateCodec<Box<CountV1>>.automatic.schema, box.name)
        let oldName = renamed(StateCodec<Name<CountV1>>.automatic.schema, name.name)
        #expect(ChangeCase.compare(oldBox, box).status == .both(.needsMigration))
        #expect(ChangeCase.compare(oldName, name).status == .both(.needsMigration))
        let list = StateCodec<[Box<Count>]>.automatic.schema
        #expect(
            ChangeCase.compare(StateCodec<[Box<CountV1>]>.automatic.schema, list).status == .both(.needsMigration))
    }

    @Test func oneTypeInOneFormOnly() throws {
        typealias New = Two<Page, Page>
        let one = try Self.read(Two(a: PageV2(), b: PageV2(label: "x"), more: [PageV2()]), as: New.self)
        #expect(one == New(a: Page(title: "b"), b: Page(title: "x"), more: [Page(title: "b")]))
        #expect(try Self.fit(Two<PageV1, PageV1>.self, New.self) == .migrated)
        #expect(try Self.fit(Two<PageV1, PageV2>.self, New.self) == .needsMigration)
        #expect(try Self.fit(Two<PageV1, Page>.self, New.self) == .needsMigration)
        #expect(try Self.fit(Two<Page, PageV1>.self, New.self) == .needsMigration)
        #expect(try Self.fit(Two<[Page: Int], PageV1>.self, Two<[Page: Int], Page>.self) == .needsMigration)
    }

    @Test func versionsAreOfValuesThatStandAlone() throws {
        #expect(try Self.read(VersionedV1(), as: VersionedV1.self).x == 1)
        var old = StateCodec<VersionedV1>.automatic.schema
        old.name = StateCodec<Versioned>.automatic.schema.name
        #expect(ChangeCase.compare(old, StateCodec<Versioned>.automatic.schema).status == .both(.migrated))
        #expect(try Self.fit(Around<VersionedV1>.self, Around<Versioned>.self) == .needsMigration)
        #expect(try Self.fit(Around<Versioned>.self, Around<Versioned>.self) == .same)
    }
}
