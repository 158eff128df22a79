/// The stores of a snapshot's workers, opened when they are asked for and closed at the end.
final class SnapshotStores {
    /// Memory for looking into one worker's store.
    private static let memoryBudget = 64 << 20

    private let contents: any SnapshotContents
    private let backends: [any StateBackend]
    private var opened: [Int: any StateStore] = [:]

    init(_ contents: any SnapshotContents, backends: [any StateBackend]) {
        self.contents = contents
        self.backends = backends
    }

    deinit { for store in opened.values { store.close() } }

    /// Hands the keys and values of a state's rows to `body`.
    func scan(_ id: String, group: Int?, _ body: ([UInt8], [UInt8]) throws -> Void) throws {
        for (index, place) in contents.manifest.stores.enumerated() {
            if let group, !place.groups.contains(group) { continue }
            let groups = group.map { $0..<($0 + 1) } ?? place.groups
            try store(index, place).rows(of: id).scan(groups: groups, prefix: [], from: []) { _, key, value in
                try body([UInt8](key), [UInt8](value))
                return true
            }
        }
    }

    private func store(_ index: Int, _ place: SnapshotManifest.Store) throws -> any StateStore {
        if let store = opened[index] { return store }
        let manifest = contents.manifest
        guard let backend = backends.first(where: { $0.name == place.backend }),
            let store = try backend.open(
                StorePlace(
                    job: manifest.pipeline, worker: place.worker, keyGroups: KeyGroups(count: manifest.keyGroups),
                    groups: place.groups, memoryBudget: Self.memoryBudget, files: try contents.files(of: place)))
        else {
            throw SnapshotError(
                code: .incompatible,
                message: "the state of worker \(place.worker) lies in a store of the backend '\(place.backend)', which "
                    + "is not among \(backends.map(\.name)); give that backend, or take a savepoint")
        }
        opened[index] = store
        return store
    }
}
