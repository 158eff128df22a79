import Foundation
import RocksDBBackend
import StateBackend
import Testing

/// What is wrong with the disk becomes an error that names the path and the remedy; never a crash, never wrong rows.
@Suite struct RocksDBFaultTests {
    private func failure(_ body: () throws -> Void) throws -> String {
        let error = try #require(#expect(throws: StateError.self) { try body() })
        #expect(error.code == .storeFailed)
        return error.message
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
        let backend = RocksDBBackend(directory: file + "/below")
        let place = StorePlace(
            job: "job", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: 1 << 20)
        #expect(try failure { _ = try backend.open(place) }.contains(file))
    }

    @Test(arguments: ["CURRENT", "MANIFEST", ".sst"])
    func aMissingFileIsNamed(kind: String) throws {
        let directory = try TemporaryDirectory()
        let (store, checkpoint) = try checkpointed(directory)
        let file = try #require(checkpoint.files.first { $0.name.contains(kind) })
        try FileManager.default.removeItem(atPath: file.path)
        let message = try failure { _ = try directory.open(files: checkpoint.files) }
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
                #expect(error.code == .storeFailed)
                #expect(error.message.contains("damaged"), "\(error)")
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
        #expect(try failure { _ = try directory.open(worker: 1, files: checkpoint.files) }.contains("damaged"))
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
        let disk = directory.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        guard mount("tmpfs", disk, "tmpfs", 0, "size=6m") == 0 else {
            print("skipped: no permission to mount a small file system at \(disk)")
            return
        }
        defer { umount2(disk, 2) }
        let place = StorePlace(
            job: "job", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: 8 << 20)
        let store = try #require(try RocksDBBackend(directory: disk).open(place))
        let rows = try store.rows(of: "s")
        try rows.write([(RowKey(group: 0, [1]), [1])])
        let filler = disk + "/filler"
        try Data(count: 4 << 20).write(to: URL(fileURLWithPath: filler))
        var large = StateRows()
        for index in 0..<20_000 {
            large.put(RowKey(group: index % 128, Array("\(index)".utf8)), [UInt8](repeating: 7, count: 100))
        }
        if isLater { try rows.writeLater(large) }
        let message = try failure { if isLater { _ = try rows.all() } else { try rows.write(large) } }
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
