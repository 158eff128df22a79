import Foundation
import RocksDBBackend
import StateBackend
import Testing

/// What is wrong with the disk becomes an error that names the path and the remedy; never a crash, never wrong rows.
@Suite struct RocksDBFaultTests {
    private func failure(_ code: StateError.Code, _ body: () throws -> Void) throws -> String {
        let error = try #require(#expect(throws: StateError.self) { try body() })
        #expect(error.code == code, "\(error)")
        return error.message
    }

    private func open(in directory: String) throws -> any StateStore {
        let place = StorePlace(
            job: "job", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: 8 << 20)
        return try #require(try RocksDBBackend(directory: directory).open(place))
    }

    private func checkpointed(_ directory: TemporaryDirectory) throws -> (any StateStore, any StoreCheckpoint) {
        let store = try directory.open { $0.fileRows = 1 }
        var rows = StateRows()
        for index in 0..<5_000 {
            rows.put(RowKey(group: index % 128, Array("key \(index)".utf8)), Array("value \(index)".utf8))
        }
        try store.rows(of: "s").write(rows)
        return (store, try store.checkpoint())
    }

    @Test func aDirectoryThatCantBeMadeIsNamed() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        #expect(try failure(.storeFailed) { _ = try open(in: file + "/below") }.contains(file))
    }

    @Test func aReadOnlyDiskIsNamed() throws {
        let directory = try TemporaryDirectory()
        guard let disk = directory.mountDisk(megabytes: 1) else { return }
        defer { umount2(disk, 2) }
        try #require(mount(nil, disk, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
        #expect(try failure(.notPermitted) { _ = try open(in: disk) }.contains(disk))
    }

    @Test func aMissingPermissionIsNamedAndTheStoreGoesOnWhenItIsThere() throws {
        let directory = try TemporaryDirectory()
        guard directory.lock(directory.path) else { return }
        let message = try failure(.notPermitted) { _ = try open(in: directory.path) }
        #expect(message.contains(directory.path) && message.contains("permission"))
        directory.unlock(directory.path)
        let store = try directory.open { $0.fileRows = 1 }
        let rows = try store.rows(of: "s")
        try rows.write([(RowKey(group: 0, [1]), [1])])
        let database = try #require(directory.databases.first)
        try #require(directory.lock(database))
        defer { directory.unlock(database) }
        #expect(try failure(.notPermitted) { try rows.write([(RowKey(group: 0, [2]), [2])]) }.contains(database))
        #expect(try rows.values(of: [RowKey(group: 0, [1])]) == [[1]])
        directory.unlock(database)
        try rows.write([(RowKey(group: 0, [2]), [2])])
        #expect(try rows.all().count == 2)
        store.close()
        #expect(directory.files.isEmpty)
    }

    /// What was handed over to be written later, and can't be, is forgotten when the store is asked to settle.
    @Test func whatCantBeWrittenIsForgottenOnce() throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open { $0.fileRows = 1 }
        let rows = try store.rows(of: "s")
        try rows.write([(RowKey(group: 0, [1]), [1])])
        let database = try #require(directory.databases.first)
        guard directory.lock(database) else { return }
        defer { directory.unlock(database) }
        var later = StateRows()
        later.put(RowKey(group: 0, [1]), [2])
        try rows.writeLater(later)
        // Until then every call says so, and no more is taken.
        for _ in 0..<2 { _ = try failure(.notPermitted) { _ = try rows.all() } }
        _ = try failure(.notPermitted) { try rows.writeLater(later) }
        #expect(store.waitingWrites == 0)
        _ = try failure(.notPermitted) { try store.settle() }
        #expect(try rows.values(of: [RowKey(group: 0, [1])]) == [[1]])
        directory.unlock(database)
        try store.settle()
        #expect(try rows.values(of: [RowKey(group: 0, [1])]) == [[1]])
        try rows.writeLater(later)
        try store.settle()
        #expect(try rows.values(of: [RowKey(group: 0, [1])]) == [[2]])
        store.close()
    }

    @Test func aFileThatIsMissingAtACheckpointIsNamed() throws {
        let directory = try TemporaryDirectory()
        let (store, checkpoint) = try checkpointed(directory)
        checkpoint.release()
        let database = try #require(directory.databases.first)
        let name = try #require(directory.files.first { $0.hasSuffix(".sst") })
        try FileManager.default.removeItem(atPath: directory.path + "/" + name)
        let message = try failure(.missingFile) { _ = try store.checkpoint() }
        #expect(message.contains(name.split(separator: "/").last ?? "?"), "\(message)")
        #expect(!directory.files.contains { $0.contains("checkpoint") }, "\(database)")
        store.close()
    }

    @Test(arguments: ["CURRENT", "MANIFEST", ".sst"])
    func aMissingFileIsNamed(kind: String) throws {
        let directory = try TemporaryDirectory()
        let (store, checkpoint) = try checkpointed(directory)
        let file = try #require(checkpoint.files.first { $0.name.contains(kind) })
        try FileManager.default.removeItem(atPath: file.path)
        let message = try failure(.missingFile) { _ = try directory.open(files: checkpoint.files) }
        #expect(message.contains(file.path))
        #expect(message.contains("missing"))
        checkpoint.release()
        store.close()
        #expect(directory.files.isEmpty)
    }

    @Test func everyDamagedBlockIsNoticed() throws {
        let directory = try TemporaryDirectory()
        let (store, checkpoint) = try checkpointed(directory)
        let whole = try store.rows(of: "s").all()
        let file = try #require(checkpoint.files.filter(\.isImmutable).max { size($0) < size($1) })
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
        try FileManager.default.removeItem(atPath: file.path)
        var noticed = 0
        for piece in 0..<24 {
            var damaged = bytes
            damaged[bytes.count * piece / 24 + 3] ^= 0x40
            let copy = directory.path + "/copy-\(piece)"
            try damaged.write(to: URL(fileURLWithPath: copy))
            let files = checkpoint.files.map {
                $0 == file ? StoreFile(name: $0.name, path: copy, isImmutable: true) : $0
            }
            do {
                let opened = try directory.open(worker: 1, files: files)
                defer { opened.close() }
                // Where filters, hash indexes or properties are damaged the rows are as they were.
                #expect(isSame(try opened.rows(of: "s").all(), whole), "piece \(piece)")
            } catch let error as StateError {
                #expect(error.code == .damaged && error.message.contains("damaged"), "\(error)")
                noticed += 1
            }
        }
        #expect(noticed > 12)
        checkpoint.release()
        store.close()
    }

    @Test func filesOfTheWrongLengthAreNoticed() throws {
        let directory = try TemporaryDirectory()
        let (store, checkpoint) = try checkpointed(directory)
        let file = try #require(checkpoint.files.filter(\.isImmutable).max { size($0) < size($1) })
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
        try FileManager.default.removeItem(atPath: file.path)
        try bytes.dropLast(1).write(to: URL(fileURLWithPath: file.path))
        let message = try failure(.damaged) { _ = try directory.open(worker: 1, files: checkpoint.files) }
        #expect(message.contains("damaged"))
        checkpoint.release()
        store.close()
    }

    @Test func theNextOpeningDeletesWhatADeadProcessLeft() throws {
        let directory = try TemporaryDirectory()
        let living = try directory.open()
        let left = directory.path + "/weir-state-dead00"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
        try Data().write(to: URL(fileURLWithPath: left + "/owner"))
        let next = try directory.open(worker: 1)
        #expect(!FileManager.default.fileExists(atPath: left))
        try living.rows(of: "s").write([(RowKey(group: 0, [1]), [1])])
        #expect(try living.rows(of: "s").values(of: [RowKey(group: 0, [1])]) == [[1]])
        living.close()
        next.close()
    }

    /// Needs the right to mount; where it isn't given the test says so.
    @Test(arguments: [false, true]) func aFullDiskIsNamedAndTheStoreGoesOnWhenThereIsSpace(isLater: Bool) throws {
        let directory = try TemporaryDirectory()
        guard let disk = directory.mountDisk(megabytes: 6) else { return }
        defer { umount2(disk, 2) }
        let store = try open(in: disk)
        let rows = try store.rows(of: "s")
        try rows.write([(RowKey(group: 0, [1]), [1])])
        let filler = disk + "/filler"
        try Data(count: 4 << 20).write(to: URL(fileURLWithPath: filler))
        var large = StateRows()
        for index in 0..<20_000 {
            large.put(RowKey(group: index % 128, Array("\(index)".utf8)), [UInt8](repeating: 7, count: 100))
        }
        if isLater { try rows.writeLater(large) }
        let message = try failure(.storageFull) { if isLater { _ = try rows.all() } else { try rows.write(large) } }
        #expect(message.contains("disk is full") && message.contains(disk))
        try FileManager.default.removeItem(atPath: filler)
        // What was to be written later is tried again.
        if !isLater { try rows.write(large) }
        #expect(try rows.values(of: [RowKey(group: 0, [1])]) == [[1]])
        #expect(try rows.all().count == 20_001)
        store.close()
    }

    private func size(_ file: StoreFile) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
    }
}
