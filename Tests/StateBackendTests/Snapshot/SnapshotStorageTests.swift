import CWeir
import StateBackend
import StreamTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Storages, among them directories of real file systems in their worst states.
///
/// A full disk and a read-only file system are mounted (`tmpfs`), which takes root with the right to mount (CAP_SYS_ADMIN);
/// without it those two say SKIPPED and pass. A directory without permission works for any user: for root, whom permission
/// bits don't stop, the test's thread does its file work as another user meanwhile (`setfsuid`, Linux), and says SKIPPED
/// where that isn't to be had. What doesn't need a file system (every call of a snapshot fails, with any of the codes) is in
/// `SnapshotFaultTests`.
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

    /// Does something as a user whom the permission bits stop; false where there is none to be had.
    private func withoutPrivileges(_ body: () throws -> Void) throws -> Bool {
        guard geteuid() == 0 else {
            try body()
            return true
        }
        typealias SetUser = @convention(c) (UInt32) -> Int32
        guard let symbol = dlsym(nil, "setfsuid") else { return false }
        let setUser = unsafeBitCast(symbol, to: SetUser.self)
        // Of this thread alone, which also lacks root's powers over files meanwhile.
        _ = setUser(65_534)
        defer { _ = setUser(0) }
        guard setUser(.max) == 65_534 else { return false }
        try body()
        return true
    }

    /// EACCES of a real directory: snapshots that are there can be read as far as they may be, and no other is begun.
    @Test func aDirectoryWithoutPermissionIsReported() throws {
        let directory = TemporaryDirectory()
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: directory.path), pipeline: "test")
        var model = StateModel()
        model.values[1] = [1]
        let first = try repository.begin(.test(1), base: nil)
        try first.write(model.rows(), step: "step", part: "part", schema: .test(), worker: 0, isComplete: true)
        let file = try #require(try first.commit(finished: 0).files.first).object
        let folders = ["", "/.unfinished", "/test", "/test/snapshots", "/test/files"].map { directory.path + $0 }
        for folder in folders { chmod(folder, 0o555) }
        defer { for folder in folders { chmod(folder, 0o755) } }

        let isDone = try withoutPrivileges { () throws in
            let error = #expect(throws: SnapshotError.self) { _ = try repository.begin(.test(2), base: nil) }
            #expect(error?.code == .notPermitted && error?.message.contains(directory.path) == true)
            #expect(error?.message.contains("give the process the right") == true)
            #expect(try repository.open(1).model() == model)
        }
        guard isDone else {
            print("SKIPPED: a directory without permission, because root can't do its file work as another user here")
            return
        }
        chmod(directory.path + "/" + file, 0)
        _ = try withoutPrivileges { () throws in
            let error = #expect(throws: SnapshotError.self) { _ = try repository.open(1) }
            #expect(error?.code == .notPermitted && error?.file == file)
        }
        chmod(directory.path + "/" + file, 0o644)
        for folder in folders { chmod(folder, 0o755) }
        #expect(try repository.ids() == [1])
        #expect(try repository.open(1).model() == model)
    }
}
