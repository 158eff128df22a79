import StateBackend
import Testing

struct SnapshotDamageTests {
    private struct Fixture {
        let storage = MemorySnapshotStorage()
        let directory = TemporaryDirectory()
        var repository: SnapshotRepository { SnapshotRepository(storage, pipeline: "test") }

        init() throws {
            var model = StateModel()
            for key in 0..<300 as Range<UInt64> { model.values[key] = Array("value \(key)".utf8) }
            let first = try repository.begin(.test(1), base: nil, compression: .zstd)
            try first.write(model.rows(), step: "step", part: "part", schema: .test(), worker: 0, isComplete: true)
            let base = try first.commit(finished: 0)
            let writer = try repository.begin(.test(2), base: base)
            try writer.write(model.rows(), step: "step", part: "part", schema: .test(), worker: 0, isComplete: false)
            let file = directory.write("000001.sst", (0..<2000).map { UInt8(truncatingIfNeeded: $0 * 7) })
            try writer.addStore(
                backend: "rocksdb", worker: 0, groups: 0..<128,
                files: [StoreFile(name: "000001.sst", path: file, isImmutable: true)], rowCounts: [:])
            _ = try writer.commit(finished: 0)
        }
    }

    /// Every byte of manifest, row files and store file, flipped and cut off at.
    @Test func everyFlipAndTruncationIsFound() throws {
        let fixture = try Fixture()
        let snapshot = try fixture.repository.open(2)
        var random = SeededGenerator(seed: 11)
        let names = ["test/snapshots/000000000002/manifest"] + snapshot.manifest.files.map(\.object)
        var tried = 0
        for name in names {
            let bytes = try #require(fixture.storage[name])
            let step = max(1, bytes.count / 1500)
            for position in stride(from: 0, to: bytes.count, by: step) {
                var flipped = bytes
                flipped[position] ^= 1 << UInt8(random.below(8))
                for damaged in [flipped, Array(bytes[..<position]), bytes + [UInt8(random.below(256))]] {
                    fixture.storage[name] = damaged
                    let error = #expect(throws: SnapshotError.self) { _ = try fixture.repository.open(2) }
                    if error?.code != .damaged || error?.file != name {
                        Issue.record("byte \(position) of \(name): \(String(describing: error))")
                    }
                    tried += 1
                }
                // The blocks' own checksums, where the file is not checked as a whole: no row is handed out wrong.
                if name.hasSuffix(".rows") {
                    fixture.storage[name] = flipped
                    let unchecked = try fixture.repository.openUnchecked(2)
                    var model = StateModel()
                    let error = #expect(throws: SnapshotError.self) {
                        try unchecked.read(step: "step", part: "part") { model.load($0) }
                    }
                    if error?.file != name || model.values.contains(where: { $1 != Array("value \($0)".utf8) }) {
                        Issue.record("byte \(position) of \(name) went through a block")
                    }
                    #expect(!unchecked.verify().isEmpty)
                }
            }
            fixture.storage[name] = bytes
        }
        #expect(tried >= 10_000)
        print("\(tried) damaged files found")
        #expect(try fixture.repository.open(2).verify().isEmpty)
    }

    @Test func missingFilesAreNamed() throws {
        let fixture = try Fixture()
        for file in try fixture.repository.manifest(2).files {
            let bytes = fixture.storage[file.object]
            fixture.storage[file.object] = nil
            let error = #expect(throws: SnapshotError.self) { _ = try fixture.repository.open(2) }
            #expect(error?.code == .missingFile && error?.file == file.object)
            fixture.storage[file.object] = bytes
        }
        let error = #expect(throws: SnapshotError.self) { _ = try fixture.repository.open(3) }
        #expect(error?.code == .noSnapshot)
    }

    @Test func foreignPipelinesAndNewerVersionsAreRefused() throws {
        let fixture = try Fixture()
        let name = "test/snapshots/000000000002/manifest"
        let bytes = try #require(fixture.storage[name])
        fixture.storage["other/snapshots/000000000002/manifest"] = bytes
        let other = SnapshotRepository(fixture.storage, pipeline: "other")
        let foreign = #expect(throws: SnapshotError.self) { _ = try other.latest(skippingDamaged: true) }
        #expect(foreign?.code == .foreignPipeline)
        fixture.storage["test/snapshots/000000000003/manifest"] = bytes
        let renamed = #expect(throws: SnapshotError.self) { _ = try fixture.repository.latest() }
        #expect(renamed?.code == .damaged)
        var skipped: [SnapshotError] = []
        #expect(try fixture.repository.latest(skippingDamaged: true) { skipped.append($0) }?.id == 2)
        #expect(skipped.map(\.file) == ["test/snapshots/000000000003/manifest"])
        fixture.storage["test/snapshots/000000000003/manifest"] = nil

        fixture.storage[name] = Self.newer(bytes)
        let newer = #expect(throws: SnapshotError.self) { _ = try fixture.repository.latest(skippingDamaged: true) }
        #expect(newer?.code == .newerFormat && newer?.file == name)
        // Its files stay, whatever is deleted.
        #expect(try fixture.repository.collectOrphans(before: .max) == [])
        try fixture.repository.remove(1)
        fixture.storage[name] = bytes
        #expect(try fixture.repository.open(2).verify().isEmpty)

        // A row file of a newer version: its header ends where its body's length says.
        let file = try #require(try fixture.repository.manifest(2).files.first { $0.object.hasSuffix(".rows") })
        let rows = try #require(fixture.storage[file.object])
        let end = 20 + Int(rows[12]) + Int(rows[13]) << 8
        fixture.storage[file.object] = Self.newer(Array(rows[..<end])) + rows[end...]
        let unchecked = try fixture.repository.openUnchecked(2)
        let newerRows = #expect(throws: SnapshotError.self) {
            try unchecked.read(step: "step", part: "part") { _ in Issue.record("rows of an unknown version") }
        }
        #expect(newerRows?.code == .newerFormat && newerRows?.file == file.object)
    }

    /// Numbers of rows that no sum could hold, in a file whose checksums are right.
    @Test func impossibleRowCountsAreRefused() throws {
        let fixture = try Fixture()
        let file = try #require(try fixture.repository.manifest(1).files.first { $0.object.hasSuffix(".rows") })
        let bytes = try #require(fixture.storage[file.object])
        let offset = Int(bytes[bytes.count - 32]) | Int(bytes[bytes.count - 31]) << 8
        let header = 20 + Int(bytes[12])
        // Two blocks of no group, each of 2^63 - 1 rows.
        let entry: [UInt8] = [0, UInt8(header), 0] + [UInt8](repeating: 0xFF, count: 8) + [0x7F]
        let body = [2] + entry + entry
        let index = Array("WEIRINDX".utf8) + [1, 0, 0, 0, UInt8(body.count), 0, 0, 0] + body
        fixture.storage[file.object] = bytes[..<offset] + index + Self.checksum(index) + bytes[(bytes.count - 32)...]
        let size = offset + index.count + 4 + 32
        var manifest = try fixture.repository.manifest(1)
        manifest.files[0].byteCount = size
        #expect(manifest.files.map(\.object) == [file.object])
        let snapshot = try Self.unchecked(manifest, fixture)
        let error = #expect(throws: SnapshotError.self) {
            try snapshot.read(step: "step", part: "part") { _ in Issue.record("rows of a crafted file") }
        }
        #expect(error?.code == .damaged && error?.file == file.object)
        #expect(error?.message.contains("too many rows") == true)
    }

    /// A snapshot with another manifest, whose bytes are made by hand.
    private static func unchecked(_ manifest: SnapshotManifest, _ fixture: Fixture) throws -> StoredSnapshot {
        var encoder = StateEncoder()
        try CodableCodec.encode(manifest, into: &encoder)
        let length = withUnsafeBytes(of: UInt32(encoder.bytes.count).littleEndian) { Array($0) }
        let envelope = Array("WEIRSNAP".utf8) + [1, 0, 0, 0] + length + encoder.bytes
        fixture.storage["test/snapshots/000000000001/manifest"] = envelope + checksum(envelope)
        return try fixture.repository.openUnchecked(1)
    }

    /// An envelope with version 2 and the checksum that goes with it.
    private static func newer(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = Array(bytes.dropLast(4))
        bytes[8] = 2
        return bytes + checksum(bytes)
    }

    /// The checksum's bytes, worked out bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var checksum = UInt32.max
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return withUnsafeBytes(of: (~checksum).littleEndian) { Array($0) }
    }
}
