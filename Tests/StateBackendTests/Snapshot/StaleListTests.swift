import StateBackend
import Synchronization
import Testing

/// A storage whose lists may lack objects that can be read.
private final class StaleStorage: SnapshotStorage {
    let base = MemorySnapshotStorage()
    /// What the lists lack at the moment.
    private let hidden = Mutex<[String]>([])

    var description: String { base.description }

    func hide(_ parts: [String]) { hidden.withLock { $0 = parts } }
    func list(_ prefix: String) throws -> [SnapshotObject] {
        let hidden = hidden.withLock { $0 }
        return try base.list(prefix).filter { object in !hidden.contains { object.name.contains($0) } }
    }

    func put(_ name: String) throws -> any SnapshotObjectWriter { try base.put(name) }
    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool { try base.putIfAbsent(name, bytes) }
    func get(_ name: String, range: Range<Int>) throws -> [UInt8] { try base.get(name, range: range) }
    func localPath(of name: String) -> String? { base.localPath(of: name) }
    func delete(_ name: String) throws { try base.delete(name) }
    func removeUnfinished(before time: Int64) throws -> [String] { try base.removeUnfinished(before: time) }
}

struct StaleListTests {
    private let storage = StaleStorage()

    private func commit(_ id: Int, in repository: SnapshotRepository) throws {
        let writer = try repository.begin(.test(id), base: nil)
        var rows = StateRows()
        rows.append(hash: 1, key: [1], value: [UInt8(id)])
        try writer.write(rows, step: "s", part: "p", schema: .test(), worker: 0, isComplete: true)
        _ = try writer.commit(finished: Int64(id))
        _ = try repository.prune(keep: 1, now: 0)
    }

    /// Only one snapshot is there, far from number 1, and the list shows neither it nor what its writer put.
    @Test func theNewestIsFoundByTheClaimsOfThoseBefore() throws {
        let writing = SnapshotRepository(storage, pipeline: "test")
        for id in 1...20 { try commit(id, in: writing) }
        storage.hide(["0020"])
        #expect(try SnapshotRepository(storage, pipeline: "test").openLatest()?.manifest.id == 20)
        storage.hide([])
        let claims = try storage.list("test/snapshots/").filter { $0.name.contains("writer") }
        #expect(claims.count == 8)
    }

    /// Another writer of the number must neither write into the files nor delete them when it gives up.
    @Test func aNumberThatIsTakenIsNotTakenAgain() throws {
        try commit(1, in: SnapshotRepository(storage, pipeline: "test"))
        storage.hide(["manifest"])
        let error = #expect(throws: SnapshotError.self) {
            try commit(1, in: SnapshotRepository(storage, pipeline: "test"))
        }
        #expect(error?.code == .conflict)
        storage.hide([])
        let kept = try SnapshotRepository(storage, pipeline: "test").open(1)
        #expect(kept.verify().isEmpty)
    }
}
