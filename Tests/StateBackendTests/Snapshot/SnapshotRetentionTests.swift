import StateBackend
import Synchronization
import Testing

struct SnapshotRetentionTests {
    private let storage = MemorySnapshotStorage()
    private let directory = TemporaryDirectory()
    private var repository: SnapshotRepository { SnapshotRepository(storage, pipeline: "test") }

    private func commit(
        _ id: Int, _ kind: SnapshotManifest.Kind = .snapshot, base: SnapshotManifest? = nil, files: [String] = [],
        in repository: SnapshotRepository
    ) throws -> SnapshotManifest {
        let writer = try repository.begin(.test(id, kind), base: base)
        let stored = files.map {
            StoreFile(name: $0, path: directory.write($0, Array("content of \($0)".utf8)), isImmutable: true)
        }
        if !stored.isEmpty {
            try writer.addStore(backend: "b", worker: 0, groups: 0..<128, files: stored, rowCounts: [:])
        }
        return try writer.commit(finished: Int64(id) * 1000)
    }

    @Test func sharedFilesLiveAsLongAsAManifestNamesThem() throws {
        let repository = repository
        let first = try commit(1, files: ["a", "b"], in: repository)
        let second = try commit(2, base: first, files: ["b", "c"], in: repository)
        let third = try commit(3, base: second, files: ["c"], in: repository)
        #expect(second.files.contains(first.files[1]))
        #expect(third.writtenBytes == 0)
        #expect(try repository.prune(keep: 2, now: 0) == [1])
        #expect(storage[first.files[0].object] == nil && storage[first.files[1].object] != nil)
        #expect(try repository.open(2).verify().isEmpty)
        #expect(try repository.prune(keep: 1, now: 0) == [2])
        #expect(storage[first.files[1].object] == nil)
        let files = try repository.open(3).storeFiles(worker: 0, scratch: directory.path + "/scratch")
        #expect(files?.map(\.name) == ["c"])
        #expect(try storage.list("test/files/").map(\.name) == third.files.map(\.object))
    }

    @Test func aReusedNameIsNotShared() throws {
        let repository = repository
        let first = try commit(1, files: ["a"], in: repository)
        let writer = try repository.begin(.test(2), base: first)
        let file = StoreFile(name: "a", path: directory.write("x", Array("Content of a".utf8)), isImmutable: true)
        try writer.addStore(backend: "b", worker: 0, groups: 0..<128, files: [file], rowCounts: [:])
        #expect(try writer.commit(finished: 0).files != first.files)
    }

    @Test func whatAnotherProcessDeletedIsGone() throws {
        let (writing, reading) = (repository, repository)
        for id in 1...3 { _ = try commit(id, in: writing) }
        #expect(try reading.openLatest()?.manifest.id == 3)
        #expect(try writing.prune(keep: 1, now: 0) == [1, 2])
        #expect(try reading.ids() == [3])
    }

    @Test func ageAndSavepoints() throws {
        let repository = repository
        _ = try commit(1, .savepoint, in: repository)
        for id in 2...6 { _ = try commit(id, in: repository) }
        #expect(try repository.prune(keep: 1, olderThan: 3000, now: 6000) == [2])
        #expect(try repository.prune(keep: 3, olderThan: 0, now: 9000) == [3])
        #expect(try repository.prune(keep: 0, now: 9000) == [4, 5])
        #expect(try repository.ids() == [1, 6])
        try repository.remove(1)
        #expect(try repository.ids() == [6])
    }

    @Test func whatIsInUseStays() throws {
        let repository = repository
        let first = try commit(1, files: ["a"], in: repository)
        var opened: StoredSnapshot? = try repository.open(1)
        let writer = try repository.begin(.test(2), base: nil)
        var rows = StateRows()
        rows.append(hash: 1, key: [1], value: [1])
        try writer.write(rows, step: "s", part: "p", schema: .test(), worker: 0, isComplete: true)
        #expect(try repository.collectOrphans(before: .max) == [])
        _ = try writer.commit(finished: 0)
        #expect(try repository.prune(keep: 1, now: 0) == [1])
        #expect(opened?.verify().isEmpty == true)
        opened = nil
        #expect(try repository.collectOrphans(before: .max) == first.files.map(\.object))
    }

    @Test func twoWritersOfOneNumber() throws {
        let one = repository
        let other = repository
        let first = try one.begin(.test(1), base: nil)
        let second = try other.begin(.test(1), base: nil)
        var rows = StateRows()
        for (value, writer) in [(UInt8(1), first), (2, second)] {
            rows.removeAll()
            rows.append(hash: 1, key: StateModel.key(9), value: [value])
            try writer.write(rows, step: "step", part: "part", schema: .test(), worker: 0, isComplete: true)
        }
        _ = try second.commit(finished: 0)
        let error = #expect(throws: SnapshotError.self) { _ = try first.commit(finished: 0) }
        #expect(error?.code == .conflict)
        first.abort()
        #expect(try one.open(1).model().values == [9: [2]])
        #expect(try one.collectOrphans(before: .max) == [])
        let late = #expect(throws: SnapshotError.self) { _ = try one.begin(.test(1), base: nil) }
        #expect(late?.code == .conflict)
    }

    @Test func abortedAndAbandonedWritersLeaveNothing() throws {
        let repository = repository
        var rows = StateRows()
        rows.append(hash: 1, key: [1], value: [1])
        do {
            let writer = try repository.begin(.test(1), base: nil)
            try writer.write(rows, step: "s", part: "p", schema: .test(), worker: 0, isComplete: true)
            writer.abort()
        }
        #expect(try storage.list("").isEmpty)
        storage["test/files/000000000001-7/3.rows"] = [1]
        storage["test/files/notes.txt"] = [1]
        storage["test/snapshots/000000000001/writer-7"] = []
        storage["else/files/000000000001-7/3.rows"] = [1]
        #expect(try repository.collectOrphans(before: 0) == [])
        #expect(try repository.collectOrphans(before: .max).count == 2)
        #expect(try storage.list("").map(\.name) == ["else/files/000000000001-7/3.rows", "test/files/notes.txt"])
    }

    @Test(arguments: ["plain", "with space/and slash", "..", "", "größe", "%41", "a.b"])
    func pipelinesHaveTheirNames(name: String) throws {
        let repository = SnapshotRepository(storage, pipeline: name)
        let header = SnapshotManifest.test(1, pipeline: name)
        _ = try repository.begin(header, base: nil).commit(finished: 0)
        #expect(try SnapshotRepository.pipelines(in: storage) == [name])
        #expect(try repository.latest()?.pipeline == name)
    }
}
