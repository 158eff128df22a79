import StateBackend
import Testing

/// The check of whole states, and what it refuses.
@Suite struct SnapshotCheckTests {
    private static let text = StateCodec<String>.automatic.schema

    struct Key: StreamKey, Codable {
        var a = 1, b = 2
        var stableHash: UInt64 { UInt64(a) }
    }
    struct Turned: StreamKey, Codable {
        var b = 2, a = 1
        var stableHash: UInt64 { UInt64(a) }
    }
    struct More: StreamKey, Codable {
        var a = 1, b = 2
        var c: Int?
        var stableHash: UInt64 { UInt64(a) }
    }

    private func compare(_ old: StateSchema, _ new: StateSchema, rows: Int = 3) -> StateCompatibility {
        ChangeCase.manifest(old, rowCount: rows, isStored: true).check(against: ["step": ["state": new]]).states[0]
    }

    private func key<A, B>(_ old: A.Type, _ new: B.Type) -> StateCompatibility {
        compare(
            ChangeCase.state(Self.text, key: StateCodec<A>.automatic.schema),
            ChangeCase.state(Self.text, key: StateCodec<B>.automatic.schema))
    }

    @Test func keysMayOnlyBeWidened() {
        #expect(key(Int.self, Int.self).status == .both(.same))
        #expect(key(Int32.self, Int.self).status == .both(.compatible))
        #expect(key(Int32?.self, Int?.self).status == .both(.compatible))
        #expect(key(Pair<UInt8, String>.self, Pair<UInt32, String>.self).status == .both(.compatible))
        #expect(key(Int.self, Int32.self).status == .both(.incompatible))
        #expect(key(UInt8.self, Int.self).status == .both(.incompatible))
        #expect(key(Int.self, String.self).status == .both(.incompatible))
        #expect(key(Key.self, More.self).status == .both(.incompatible))
    }

    @Test func reorderedKeysAreOtherBytes() {
        let state = key(Key.self, Turned.self)
        #expect(state.status == .both(.compatible) && state.needsRewrite)
        #expect(!key(Int32.self, Int.self).needsRewrite)
    }

    @Test func widenedKeysHaveTheirHashAndBytes() throws {
        for number in [Int32.min, -1, 0, 77, .max] {
            #expect(number.stableHash == Int(number).stableHash)
            #expect(Pair(number, "a").stableHash == Pair(Int(number), "a").stableHash)
            var (narrow, wide) = (StateEncoder(), StateEncoder())
            try narrow.encode(number)
            try wide.encode(Int(number))
            #expect(narrow == wide)
        }
    }

    @Test(arguments: [
        ("value", "reducing", StateFit.compatible), ("list", "list", .same), ("list", "value", .incompatible),
        ("rows", "timers", .incompatible),
    ])
    func kinds(_ old: String, _ new: String, _ fit: StateFit) {
        #expect(
            compare(ChangeCase.state(Self.text, kind: old), ChangeCase.state(Self.text, kind: new)).status == .both(fit)
        )
    }

    @Test func distributionsAndPresenceOfKeys() {
        let keyed = ChangeCase.state(Self.text)
        #expect(compare(keyed, ChangeCase.state(Self.text, distribution: .broadcast)).status == .both(.incompatible))
        #expect(compare(keyed, ChangeCase.state(Self.text, key: nil)).status == .both(.incompatible))
        // What only the step knows is left to it.
        #expect(compare(ChangeCase.state(nil, key: nil), ChangeCase.state(nil, key: nil)).status == .both(.same))
    }

    @Test func newAndDroppedStates() throws {
        let schema = ChangeCase.state(Self.text)
        let check = ChangeCase.manifest(schema).check(against: ["step": ["other": schema]])
        #expect(
            check.lines == [
                "step/state: dropped, value Swift.Int → Swift.String, 3 rows",
                "step/other: new, value Swift.Int → Swift.String",
            ])
        #expect(!check.isLoadable)
        #expect(check.dropped.map(\.name) == ["step/state"])
        let error = #expect(throws: SnapshotError.self) { try check.validate(allowingDropped: ["step/other"]) }
        #expect(error?.code == .incompatible)
        #expect(error?.message.contains("allow 'step/state' to be dropped") == true)
        try check.validate(allowingDropped: ["step/state"])
        try check.validate(allowingDropped: ["step"])
        // Without rows nothing is lost; what belongs to a worker comes and goes with the parallelism.
        #expect(ChangeCase.manifest(schema, rowCount: 0).check(against: [:]).isLoadable)
        #expect(ChangeCase.manifest(ChangeCase.state(nil, distribution: .worker)).check(against: [:]).isLoadable)
    }

    @Test func theErrorNamesStateTypesAndRemedy() {
        let new = StateCodec<Double>.automatic.schema
        let check = ChangeCase.manifest(ChangeCase.state(Self.text)).check(
            against: ["step": ["state": ChangeCase.state(new)]])
        let error = #expect(throws: SnapshotError.self) { try check.validate() }
        #expect(
            error?.message
                == "the program can't go on from the snapshot: step/state: needs migration: the type changed from "
                + "Swift.String to Swift.Double; give the state's codec a migration (StateCodec.migrating), or its type "
                + "(StateMigrating), or allow 'step/state' to be dropped")
    }

    @Test func migrationsAreAppliedToEveryKindOfState() throws {
        var saved: [String: SavedPart] = [:]
        let state = StepState(step: "s")
        let old = KeyedStateStore<Int>(state)
        old.select(1, hash: 1.stableHash)
        let value = try old.value("value", of: Int32.self, codec: .automatic)
        value.value = 4
        try old.list("list", of: Int32.self).elements = [5, 6]
        try old.map("map", from: String.self, to: Int32.self)["k"] = 7
        let rules = try state.broadcast("rules", keys: String.self, values: Int32.self)
        rules["r"] = 8
        try state.save(into: &saved)

        let codec = StateCodec<String>.automatic.migrating(from: Int32.self) { "n\($0)" }
        let after = StepState(step: "s")
        let new = KeyedStateStore<Int>(after)
        let texts = try new.value("value", of: String.self, codec: codec)
        let lists = try new.list("list", of: String.self, codec: codec)
        let maps = try new.map("map", from: String.self, to: String.self, codec: codec)
        let newRules = try after.broadcast("rules", keys: String.self, values: String.self, codec: codec)
        for (name, part) in saved {
            let current = try #require(after[name]?.schema)
            let check = ChangeCase.manifest(part.schema).check(against: ["step": ["state": current]])
            #expect(check.states[0].status == .both(.migrated), "\(check.lines)")
        }
        try after.load(saved, previousParallelism: 1)
        new.select(1, hash: 1.stableHash)
        #expect(texts.value == "n4" && lists.elements == ["n5", "n6"] && maps["k"] == "n7" && newRules["r"] == "n8")
    }
}
