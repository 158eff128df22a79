import ArgumentParser
import StateBackend
import Testing

@testable import WeirCommand

/// The command over repositories in memory, sound and damaged.
@Suite struct SnapshotToolTests {
    private static let schema = StateSchema(
        kind: "value", key: StateCodec<Int>.automatic.schema, value: StateCodec<String>.automatic.schema,
        distribution: .keyed)

    /// Two snapshots of a state: {1: a, 2: b}, then {1: a, 2: B, 3: c}.
    private func storage(pipeline: String = "ads") throws -> MemorySnapshotStorage {
        let storage = MemorySnapshotStorage()
        let repository = SnapshotRepository(storage, pipeline: pipeline)
        for (id, values) in [(1, [1: "a", 2: "b"]), (2, [1: "a", 2: "B", 3: "c"])] {
            let header = SnapshotManifest(
                pipeline: pipeline, id: id, kind: .snapshot, begun: Int64(id) * 1_000, parallelism: 1, keyGroups: 4)
            let writer = try repository.begin(header, base: nil)
            var rows = StateRows()
            for (key, text) in values {
                try rows.append(hash: key.stableHash) {
                    try $0.encode(key)
                } value: {
                    try $0.encode(text)
                }
            }
            writer.setStep("users", watermark: 5)
            try writer.write(rows, step: "users", part: "names", schema: Self.schema, worker: 0, isComplete: true)
            _ = try writer.commit(finished: Int64(id) * 1_000 + 10)
        }
        return storage
    }

    /// What the command writes, and the code with which it ends.
    private func run(
        _ storage: any SnapshotStorage, pipeline: String? = nil, _ body: (SnapshotTool) throws -> Bool
    ) -> (text: String, code: Int32) {
        var text = ""
        let tool = SnapshotTool(
            storage: storage, pipeline: pipeline, backends: [], scratch: "", write: { text += $0 })
        do { return try body(tool) ? (text, 0) : (text, 1) } catch { return (text, SnapshotTool.code(for: error)) }
    }

    /// The first file of the second snapshot.
    private func file(_ storage: any SnapshotStorage) throws -> SnapshotManifest.File {
        try #require(try SnapshotRepository(storage, pipeline: "ads").manifest(2).files.first)
    }

    private func put(_ bytes: [UInt8], as name: String, in storage: any SnapshotStorage) throws {
        try storage.delete(name)
        #expect(try storage.putIfAbsent(name, bytes))
    }

    @Test func exportsTheLatest() throws {
        let (text, code) = try run(storage()) {
            try $0.export(nil, .init(), limit: nil)
            return true
        }
        func line(_ key: Int, _ value: String) -> String {
            let group = KeyGroups(count: 4).group(ofHash: key.stableHash)
            return #"{"step":"users","state":"names","keyGroup":\#(group),"key":\#(key),"value":"\#(value)"}"#
        }
        #expect(code == 0)
        #expect(Set(text.split(separator: "\n").map(String.init)) == [line(1, "a"), line(2, "B"), line(3, "c")])
        let one = try run(storage()) {
            try $0.export(1, .init(state: "names", key: "2"), limit: 5)
            return true
        }
        #expect(one.text == line(2, "b") + "\n")
        #expect(
            try run(storage()) {
                try $0.export(1, .init(), limit: 0); return true
            }.text.isEmpty)
        #expect(
            try run(storage()) {
                try $0.export(1, .init(state: "nams"), limit: 1); return true
            }.code == 64)
    }

    @Test func comparesTwo() throws {
        let (text, code) = try run(storage()) {
            try $0.diff(1, 2, .init(), rows: false, limit: nil, json: true)
        }
        #expect(code == 1)
        #expect(
            text == #"{"step":"users","state":"names","added":1,"removed":0,"changed":1,"unchanged":1,"#
                + #""schemaChanged":false,"schema":"same","before":"value Swift.Int → Swift.String","#
                + #""after":"value Swift.Int → Swift.String","reasons":[]}"# + "\n")
        #expect(try run(storage()) { try $0.diff(2, 2, .init(), rows: true, limit: nil, json: false) }.code == 0)
        for (step, state) in [("usrs", nil), (nil, "nams"), ("usrs", "names")] as [(String?, String?)] {
            let filter = SnapshotInspector.Filter(step: step, state: state)
            for json in [true, false] {
                let slip = try run(storage()) { try $0.diff(1, 2, filter, rows: false, limit: nil, json: json) }
                #expect(slip.text.isEmpty && slip.code == 64)
            }
        }
        let known = SnapshotInspector.Filter(step: "users", state: "names", key: "1")
        #expect(try run(storage()) { try $0.diff(1, 2, known, rows: false, limit: nil, json: false) }.code == 0)
    }

    @Test func verifiesEveryFile() throws {
        let storage = try storage()
        #expect(run(storage) { try $0.verify(nil, json: false) }.code == 0)
        let file = try file(storage)
        var bytes = try storage.get(file.object, range: 0..<file.byteCount)
        bytes[bytes.count / 2] ^= 4
        try put(bytes, as: file.object, in: storage)
        let (text, code) = run(storage) { try $0.verify(nil, json: false) }
        #expect(code == 1 && text.contains("snapshot 1:") && text.contains(": ok\n"))
        #expect(text.contains("snapshot 2:") && text.contains("damaged") && text.contains(file.object))
        #expect(run(storage) { try $0.verify(1, json: false) }.code == 0)
        let lines = run(storage) { try $0.verify(nil, json: true) }
        #expect(lines.code == 1)
        #expect(lines.text.hasPrefix(#"{"id":1,"files":1,"bytes":"#))
        #expect(lines.text.contains(#","ok":true,"faults":[]}"#))
        let second = try #require(lines.text.split(separator: "\n").last)
        #expect(second.hasPrefix(#"{"id":2,"#) && second.contains(#""ok":false,"faults":["#))
        #expect(second.contains(file.object) && second.hasSuffix(#""]}"#))
    }

    @Test func listsWhatIsMissing() throws {
        let storage = try storage()
        let sound = run(storage) {
            try $0.list(now: 62_000, json: false)
            return true
        }
        #expect(sound.text.contains("1970-01-01 00:00:02Z  1 min 0 s") && !sound.text.contains("missing"))
        let file = try file(storage)
        try storage.delete(file.object)
        let (text, _) = run(storage) {
            try $0.list(now: 62_000, json: false)
            return true
        }
        #expect(text.contains("\(file.object) is missing"))
    }

    @Test func choosesThePipeline() throws {
        #expect(
            run(MemorySnapshotStorage()) {
                try $0.show(nil, json: false); return true
            }.code == 66)
        let storage = try storage(pipeline: "a b")
        #expect(
            run(storage) {
                try $0.show(9, json: false); return true
            }.code == 66)
        let shown = run(storage) {
            try $0.show(nil, json: false); return true
        }
        #expect(shown.code == 0 && shown.text.hasPrefix("pipeline  a b\nsnapshot  2, a snapshot\n"))
        #expect(
            run(storage, pipeline: "other") {
                try $0.show(nil, json: false); return true
            }.code == 66)
    }

    @Test func parsesItsOptions() throws {
        let command = try SnapshotCommand.parseAsRoot([
            "diff", "dir", "1", "2", "--step", "s", "--key", "k", "--limit", "3", "--rows",
        ])
        let diff = try #require(command as? DiffCommand)
        #expect(diff.place.directory == "dir" && diff.from == 1 && diff.to == 2 && diff.rows)
        #expect(diff.rowOptions.filter.key == "k" && diff.rowOptions.limit == 3)
        #expect(throws: (any Error).self) { try SnapshotCommand.parseAsRoot(["export", "dir", "--limit", "-1"]) }
        let verify = try #require(try SnapshotCommand.parseAsRoot(["verify", "dir", "--json"]) as? VerifyCommand)
        #expect(verify.json && verify.id == nil)
        #expect(throws: ExitCode(66)) {
            let list = try ListCommand.parse(["/nowhere/at/all"])
            try list.run()
        }
    }
}
