import StateBackend
import Testing

/// What the command says, word for word.
@Suite struct SnapshotTextTests {
    private func manifest() throws -> SnapshotManifest {
        var held = HeldSnapshot()
        let state = StepState(step: "users")
        let store = KeyedStateStore<String>(state)
        store.select("ann", hash: "ann".stableHash)
        try store.value("last visit", of: Visit.self).value =
            Visit(user: "u", page: 1, seconds: 2, isMember: true, referrer: nil, tags: [])
        try store.list("pages", of: String.self).elements = ["x"]
        try held.add(state)
        var manifest = held.manifest
        manifest.finished = manifest.begun + 120
        manifest.files = [
            .init(object: "ads/files/7-0/1.rows", byteCount: 1_234_567, checksum: 0xAB),
            .init(object: "ads/files/6-0/1.sst", byteCount: 999, checksum: 0xFEDC_BA98),
        ]
        manifest.writtenBytes = 1_234_567
        manifest.steps[0].parts[0].byteCount = 67
        manifest.steps[0].parts[1].byteCount = 7
        manifest.positions = [
            .init(source: "events", split: "a.json", position: "byte 17", watermark: 1_699_999_999_999),
            .init(source: "events", split: "b.json", position: "end", watermark: .max),
        ]
        manifest.stores = [
            .init(
                backend: "rocksdb", worker: 1, groups: 4..<8,
                members: [.init(name: "1.sst", file: 1, isImmutable: true)], rowCounts: [:])
        ]
        return manifest
    }

    @Test func list() throws {
        let manifest = try manifest()
        let entries = [
            SnapshotText.Entry(id: 6, manifest: nil, fault: "the manifest is cut off"),
            SnapshotText.Entry(id: 7, manifest: manifest),
        ]
        #expect(
            SnapshotText.list(entries, now: manifest.begun + 125_000) == """
                ID  KIND      BEGUN                 AGE        SIZE    NEW     WORKERS  STATE
                6                                                                       damaged: the manifest is cut off
                7   snapshot  2023-11-14 22:13:20Z  2 min 5 s  1.2 MB  1.2 MB  2        ok

                """)
        #expect(
            SnapshotText.listJSON(entries, now: manifest.begun + 5) == """
                {"id":6,"ok":false,"fault":"the manifest is cut off"}
                {"id":7,"pipeline":"ads","kind":"snapshot","begun":1700000000000,"finished":1700000000120,\
                "ageMilliseconds":5,"bytes":1235566,"newBytes":1234567,"parallelism":2,"ok":true}

                """)
        #expect(SnapshotText.list([], now: 0) == "no snapshots\n")
    }

    @Test func show() throws {
        #expect(
            SnapshotText.show(try manifest()) == """
                pipeline  ads
                snapshot  7, a snapshot
                begun     2023-11-14 22:13:20Z, took 120 ms
                workers   2, key groups 8
                size      1.2 MB in 2 files, 1.2 MB new

                sources
                SOURCE  SPLIT   POSITION  WATERMARK
                events  a.json  byte 17   2023-11-14 22:13:19Z
                events  b.json  end       end of input

                steps
                STEP   WATERMARK             CAPTURE
                users  2023-11-14 22:13:20Z  5 µs

                states
                STEP   STATE       ROWS  SIZE  IN     HOLDS
                users  last visit  1     67 B  files  value Swift.String → StateBackendTests.Visit {user: String, \
                page: Int, seconds: Double, isMember: Bool, referrer: String?, tags: [String]}
                users  pages       1     7 B   files  list Swift.String → Swift.Array<Swift.String>

                stores
                BACKEND  WORKER  KEY GROUPS  FILES
                rocksdb  1       4..<8       1

                files
                FILE                  SIZE    CRC-32C
                ads/files/7-0/1.rows  1.2 MB  000000ab
                ads/files/6-0/1.sst   999 B   fedcba98

                """)
        let json = SnapshotText.showJSON(try manifest())
        #expect(json.hasPrefix(#"{"pipeline":"ads","id":7,"kind":"snapshot""#) && json.hasSuffix("}\n"))
        #expect(json.contains(#"{"source":"events","split":"a.json","position":"byte 17","watermark":1699999999999}"#))
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00Z"), (951_782_400_000, "2000-02-29 00:00:00Z"),
        (-1, "1969-12-31 23:59:59Z"), (4_107_542_399_999, "2100-02-28 23:59:59Z"),
        (4_107_542_400_000, "2100-03-01 00:00:00Z"), (1_735_689_599_000, "2024-12-31 23:59:59Z"),
    ])
    func timesAreOfTheCalendar(_ milliseconds: Int64, _ text: String) throws {
        var manifest = try manifest()
        manifest.begun = milliseconds
        #expect(SnapshotText.list([.init(id: 1, manifest: manifest)], now: milliseconds).contains(text))
    }
}
