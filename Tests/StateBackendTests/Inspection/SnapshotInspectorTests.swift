import StateBackend
import Testing

/// Rows that are decoded without their types, merged over layers, filtered and compared.
@Suite struct SnapshotInspectorTests {
    private static func lines(_ held: HeldSnapshot, _ filter: SnapshotInspector.Filter = .init()) throws -> [String] {
        var lines: [String] = []
        try SnapshotInspector(held).forEachRow(filter) {
            lines.append($0.json)
            return true
        }
        return lines
    }

    /// The value as the inspector shows it.
    private func shown<Value: Sendable>(_ value: Value, codec: StateCodec<Value> = .automatic) throws -> String {
        var rows = StateRows()
        try rows.append(hash: 1.stableHash) {
            try $0.encode(1)
        } value: {
            try codec.encode(value, into: &$0)
        }
        var held = HeldSnapshot()
        let schema = StateSchema(
            kind: "value", key: StateCodec<Int>.automatic.schema, value: try ChangeCase.written(codec.schema),
            distribution: .keyed)
        held.add("s", "v", schema, [rows])
        var text = ""
        try SnapshotInspector(held).forEachRow {
            text = $0.value
            return true
        }
        return text
    }

    @Test func ownFormsOfKnownTypes() throws {
        #expect(try shown(-5) == "-5")
        #expect(try shown(UInt64.max) == "18446744073709551615")
        #expect(try shown("a\"\\\n\u{1}é") == #""a\"\\\n\u0001é""#)
        #expect(try shown(true) == "true")
        #expect(try shown(1.5) == "1.5")
        #expect(try shown(Double.infinity) == "\"inf\"")
        #expect(try shown([1, nil, 3] as [Int?]) == "[1,null,3]")
        #expect(try shown(["k": [Float(0.5)]]) == #"{"k":[0.5]}"#)
        #expect(try shown([Int8(3): "x"]) == #"[[3,"x"]]"#)
        #expect(try shown(Pair("a", UInt8(2))) == #"["a",2]"#)
        #expect(try shown([Colour.red]) == #"["red"]"#)
    }

    @Test func codableValuesDescribeThemselves() throws {
        let visit = Visit(user: "u", page: -3, seconds: 0.25, isMember: true, referrer: nil, tags: ["a", "b"])
        #expect(
            try shown(visit)
                == #"{"user":"u","page":-3,"seconds":0.25,"isMember":true,"tags":["a","b"]}"#)
        #expect(try shown(Shape.box(1, height: nil)) == #"{"box":{"_0":1}}"#)
        #expect(try shown([visit.tags: Int128.min]) == #"[["a","b"],-170141183460469231731687303715884105728]"#)
    }

    @Test func otherFormsAreShownAsBytes() throws {
        let codec = StateCodec<Visit>(
            encode: { _, encoder in encoder.bytes += [1, 0xAB] }, decode: { _ in throw Stop() })
        let visit = Visit(user: "", page: 0, seconds: 0, isMember: false, referrer: nil, tags: [])
        #expect(try shown(visit, codec: codec) == #"{"type":"StateBackendTests.Visit","hex":"01ab"}"#)
        // Bytes that aren't what the schema says.
        let wrong = StateCodec<String>(encode: { _, encoder in encoder.bytes += [9, 65] }, decode: { _ in "" })
        #expect(try shown("", codec: wrong) == #"{"type":"Swift.String","hex":"0941"}"#)
    }

    private struct Stop: Error {}

    @Test func everyKindOfState() throws {
        let state = StepState(step: "users")
        let store = KeyedStateStore<String>(state)
        store.select("ann", hash: "ann".stableHash)
        try store.value("last", of: Int.self).value = 4
        try store.list("pages", of: String.self).elements = ["x", "y"]
        try store.map("counts", from: Int.self, to: Bool.self)[3] = true
        try state.broadcast("rules", keys: Int.self, values: String.self)[1] = "r"
        var held = HeldSnapshot()
        try held.add(state)
        let group = KeyGroups(count: 8).group(ofHash: "ann".stableHash)
        #expect(
            try Self.lines(held) == [
                #"{"step":"users","state":"last","keyGroup":\#(group),"key":"ann","value":4}"#,
                #"{"step":"users","state":"pages","keyGroup":\#(group),"key":"ann","value":["x","y"]}"#,
                #"{"step":"users","state":"counts","keyGroup":\#(group),"key":"ann","mapKey":3,"value":true}"#,
                #"{"step":"users","state":"rules","keyGroup":null,"key":1,"value":"r"}"#,
            ])
        #expect(try Self.lines(held, .init(step: "users", state: "last", key: "ann")).count == 1)
        #expect(try Self.lines(held, .init(key: #""ann""#)).count == 3)
        #expect(try Self.lines(held, .init(key: "bob")).isEmpty)
        #expect(try Self.lines(held, .init(step: "other")).isEmpty)
    }

    /// Layers against a dictionary.
    @Test(arguments: 0..<20) func layersAreMerged(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var expected: [Int: Int] = [:]
        var layers: [StateRows] = []
        for _ in 0..<5 {
            var rows = StateRows()
            var keys = Array(0..<20)
            keys.shuffle(using: &generator)
            for key in keys.prefix(generator.below(20)) {
                if generator.below(3) == 0 {
                    expected[key] = nil
                    try rows.appendRemoval(hash: key.stableHash) { try $0.encode(key) }
                } else {
                    let value = generator.below(100)
                    expected[key] = value
                    try rows.append(hash: key.stableHash) {
                        try $0.encode(key)
                    } value: {
                        try $0.encode(value)
                    }
                }
            }
            layers.append(rows)
        }
        var held = HeldSnapshot()
        let schema = ChangeCase.state(StateCodec<Int>.automatic.schema)
        held.add("s", "v", schema, layers)
        var found: [String: String] = [:]
        var last = (-1, [UInt8]())
        try SnapshotInspector(held).forEachRow { row in
            let place = (row.keyGroup ?? -1, row.keyBytes)
            #expect(last.0 < place.0 || last.0 == place.0 && last.1.lexicographicallyPrecedes(place.1))
            last = place
            found[row.key ?? ""] = row.value
            return true
        }
        #expect(found == Dictionary(uniqueKeysWithValues: expected.map { ("\($0)", "\($1)") }), "seed \(seed)")
        #expect(try SnapshotInspector(held).count(step: "s", state: "v") == expected.count)
    }

    private func held(_ values: [Int: Int], keyless: [String] = []) throws -> SnapshotInspector {
        var held = HeldSnapshot()
        var rows = StateRows()
        for (key, value) in values {
            try rows.append(hash: key.stableHash) {
                try $0.encode(key)
            } value: {
                try $0.encode(value)
            }
        }
        held.add("s", "v", ChangeCase.state(StateCodec<Int>.automatic.schema), [rows])
        if !keyless.isEmpty {
            var rows = StateRows()
            for text in keyless {
                try rows.append(hash: 0) { _ in
                } value: {
                    try $0.encode(text)
                }
            }
            let schema = ChangeCase.state(StateCodec<String>.automatic.schema, key: nil, distribution: .list)
            held.add("s", "list", schema, [rows])
        }
        return SnapshotInspector(held)
    }

    @Test func differencesByKey() throws {
        let before = try held([1: 1, 2: 2, 3: 3])
        let after = try held([2: 2, 3: 30, 4: 4, 5: 5], keyless: ["a", "a"])
        var texts: [String] = []
        let differences = try before.differences(to: after) { texts.append(SnapshotText.rowJSON($0, $1, $2)) }
        let lines = SnapshotText.differences(differences).split(separator: "\n")
        #expect(
            lines.map { $0.split(separator: " ") }
                == [
                    "STEP STATE ADDED REMOVED CHANGED UNCHANGED SCHEMA BEFORE AFTER",
                    "s v 2 1 1 1 same value Swift.Int → Swift.Int value Swift.Int → Swift.Int",
                    "s list 2 0 0 0 new - value Swift.String",
                ].map { $0.split(separator: " ") })
        #expect(
            texts.sorted() == [
                #"{"change":"added","step":"s","state":"list","key":null,"after":"a"}"# + "\n",
                #"{"change":"added","step":"s","state":"list","key":null,"after":"a"}"# + "\n",
                #"{"change":"added","step":"s","state":"v","key":4,"after":4}"# + "\n",
                #"{"change":"added","step":"s","state":"v","key":5,"after":5}"# + "\n",
                #"{"change":"changed","step":"s","state":"v","key":3,"before":3,"after":30}"# + "\n",
                #"{"change":"removed","step":"s","state":"v","key":1,"before":1}"# + "\n",
            ])
        #expect(try before.differences(to: before).allSatisfy(\.isEmpty))
        #expect(try before.differences(to: after, .init(key: "2")).first?.isEmpty == true)
    }

    /// What the check says of a program, the difference says of the later snapshot.
    @Test func differencesOfSchemas() throws {
        struct One: Codable, Sendable { var a = 1 }
        struct More: Codable, Sendable { var a: Int = 1, b: Int? }
        struct Other: Codable, Sendable { var c = "" }
        func value<Value>(_ type: Value.Type, key: TypeSchema = StateCodec<Int>.automatic.schema) -> StateSchema {
            ChangeCase.state(StateCodec<Value>.automatic.schema, key: key)
        }
        let text = StateCodec<String>.automatic.schema
        let states: [(name: String, before: StateSchema?, after: StateSchema?, label: String)] = [
            ("a", value(Int.self), value(Int.self), "same"), ("b", value(Int32.self), value(Int.self), "compatible"),
            ("c", value(One.self), value(More.self), "compatible"),
            ("d", value(One.self), value(Other.self), "needs migration"),
            ("e", value(Int.self), value(Int.self, key: text), "incompatible"), ("f", value(Int.self), nil, "dropped"),
            ("g", nil, value(Int.self), "new"),
        ]
        var (before, after) = (HeldSnapshot(), HeldSnapshot())
        for state in states {
            if let schema = state.before { before.add("s", state.name, schema, []) }
            if let schema = state.after { after.add("s", state.name, schema, []) }
        }
        let differences = try SnapshotInspector(before).differences(to: SnapshotInspector(after))
        #expect(differences.map(\.state) == states.map(\.name))
        #expect(differences.map(\.compatibility.label) == states.map(\.label))
        #expect(differences.map(\.compatibility.written) == states.map(\.before))
        #expect(differences.map(\.compatibility.current) == states.map(\.after))
        #expect(differences.map(\.isEmpty) == states.map { $0.label == "same" })
        let lines = SnapshotText.differencesJSON(differences).split(separator: "\n")
        #expect(
            lines[1] == #"{"step":"s","state":"b","added":0,"removed":0,"changed":0,"unchanged":0,"#
                + #""schemaChanged":true,"schema":"compatible","before":"value Swift.Int → Swift.Int32","#
                + #""after":"value Swift.Int → Swift.Int","reasons":["widened from Swift.Int32 to Swift.Int"]}"#)
        #expect(lines[5].hasSuffix(#""schema":"dropped","before":"value Swift.Int → Swift.Int","reasons":[]}"#))
    }

    @Test func aStoreWithoutItsBackendIsNamed() throws {
        var held = HeldSnapshot()
        held.add("s", "v", ChangeCase.state(StateCodec<Int>.automatic.schema), [])
        held.manifest.steps[0].parts[0].isStored = true
        held.manifest.stores = [.init(backend: "rocksdb", worker: 0, groups: 0..<8, members: [], rowCounts: [:])]
        let error = #expect(throws: SnapshotError.self) { _ = try Self.lines(held) }
        #expect(error?.message.contains("'rocksdb'") == true)
    }
}

/// Which key groups are read for a key that is given as text.
@Suite struct KeyTextTests {
    private static func search<Key: StreamKey>(_ keys: [Key], _ text: String) throws -> (found: Int, groups: Int) {
        let state = StepState(step: "s")
        let store = KeyedStateStore<Key>(state)
        let value = try store.value("v", of: Int.self)
        for key in keys {
            store.select(key, hash: key.stableHash)
            value.value = 1
        }
        var held = HeldSnapshot()
        try held.add(state)
        let watched = WatchedContents(held: held)
        var found = 0
        try SnapshotInspector(watched).forEachRow(.init(key: text)) { _ in
            found += 1
            return true
        }
        return (found, watched.log.groups.count)
    }

    /// Notes the groups that are asked for.
    private struct WatchedContents: SnapshotContents {
        final class Log { var groups: [Range<Int>?] = [] }
        let held: HeldSnapshot
        let log = Log()
        var manifest: SnapshotManifest { held.manifest }

        func rows(step: String, part: String, groups: Range<Int>?, _ body: (StateRows) throws -> Void) throws {
            log.groups.append(groups)
            try held.rows(step: step, part: part, groups: groups, body)
        }

        func files(of store: SnapshotManifest.Store) -> [StoreFile] { [] }
    }

    @Test func onlyTheKeysGroupIsRead() throws {
        #expect(try Self.search(Array(-50..<50), "-7") == (1, 1))
        #expect(try Self.search([UInt64.max, 3], "18446744073709551615") == (1, 1))
        #expect(try Self.search([Int8(-3), 4], "-3") == (1, 1))
        #expect(try Self.search(["ann", "bob"], "ann") == (1, 1))
        #expect(try Self.search(["ann", #""ann""#], #""ann""#).found == 2)
        #expect(try Self.search(["ann", #""ann""#], #""ann""#).groups <= 2)
        #expect(try Self.search([true, false], "false") == (1, 1))
    }

    private enum Size: String, StreamKey, Codable { case large }

    /// A type whose hash isn't known, or text that isn't a number: the key may be anywhere.
    @Test func elseAllGroupsAre() throws {
        #expect(try Self.search([Pair("a", 1), Pair("b", 2)], #"["b",2]"#) == (1, 8))
        #expect(try Self.search([Size.large], "large") == (1, 8))
        #expect(try Self.search(["a\nb", "c"], #""a\nb""#) == (1, 8))
        #expect(try Self.search(["{", "c"], "{") == (1, 8))
        // One as a letter with an accent, and one as a letter and an accent.
        for text in ["\u{E9}t\u{E9}", "e\u{301}te\u{301}", "\"\u{E9}t\u{E9}\""] {
            #expect(try Self.search(["e\u{301}te\u{301}", "c"], text) == (1, 8))
        }
        #expect(try Self.search([1, 2], "one") == (0, 8))
    }
}
