import CWeir
import StateBackend
import StreamTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct SnapshotStorageTests {
    @Test(arguments: SnapshotStorageSuite.checks)
    func memoryConforms(check: SnapshotStorageSuite.Check) throws { try check.run(MemorySnapshotStorage()) }

    @Test(arguments: SnapshotStorageSuite.checks)
    func directoriesConform(check: SnapshotStorageSuite.Check) throws {
        let directory = TemporaryDirectory()
        try check.run(LocalSnapshotStorage(directory: directory.path + "/made/when/needed"))
    }

    @Test func checksumsAreCastagnolis() {
        let known: [(String, UInt32)] = [("", 0), ("123456789", 0xE306_9283), ("a", 0xC1D0_4330)]
        for (text, checksum) in known {
            #expect(Array(text.utf8).withUnsafeBytes { weir_crc32c(0, $0.baseAddress, $0.count) } == checksum)
        }
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * $0) }
        bytes.withUnsafeBytes { bytes in
            for length in 0..<200 {
                let start = bytes.baseAddress.map { $0 + length % 9 }
                #expect(weir_crc32c(7, start, length) == weir_crc32c_portable(7, start, length))
            }
        }
    }

    @Test func namesThatLeadOutAreRefused() {
        let directory = TemporaryDirectory()
        let storage = LocalSnapshotStorage(directory: directory.path)
        for name in ["../x", "a/../../x", "/x", "a//b", ".", "", ".unfinished/x"] {
            #expect(throws: SnapshotError.self) { _ = try storage.putIfAbsent(name, [1]) }
        }
    }

    /// A file system of 64 KB, where the test may mount one.
    @Test func aFullDiskIsReported() throws {
        let directory = TemporaryDirectory()
        guard mount("none", directory.path, "tmpfs", 0, "size=256k") == 0 else {
            print("SKIPPED: a full disk, because this user may not mount a file system")
            return
        }
        defer { umount2(directory.path, Int32(MNT_DETACH)) }
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: directory.path), pipeline: "test")
        var model = StateModel()
        model.values[1] = [1]
        let first = try repository.begin(.test(1), base: nil)
        try first.write(model.rows(), step: "step", part: "part", schema: .test(), worker: 0, isComplete: true)
        _ = try first.commit(finished: 0)
        var large = StateModel()
        for key in 0..<2000 as Range<UInt64> { large.values[key] = [UInt8](repeating: 1, count: 400) }
        let writer = try repository.begin(.test(2), base: nil, compression: .none)
        let error = #expect(throws: SnapshotError.self) {
            try writer.write(large.rows(), step: "step", part: "part", schema: .test(), worker: 0, isComplete: true)
            _ = try writer.commit(finished: 0)
        }
        #expect(error?.code == .storageFull)
        writer.abort()
        #expect(try repository.ids() == [1])
        #expect(try repository.collectOrphans(before: .max) == [])
        #expect(try repository.open(1).model() == model)
    }

    @Test func aReadOnlyFileSystemIsReported() throws {
        let directory = TemporaryDirectory()
        guard mount("none", directory.path, "tmpfs", UInt(MS_RDONLY), "size=64k") == 0 else {
            print("SKIPPED: a read-only file system, because this user may not mount one")
            return
        }
        defer { umount2(directory.path, Int32(MNT_DETACH)) }
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: directory.path), pipeline: "test")
        let error = #expect(throws: SnapshotError.self) { _ = try repository.begin(.test(1), base: nil) }
        #expect(error?.code == .notPermitted)
        #expect(error?.message.contains(directory.path) == true)
    }
}
