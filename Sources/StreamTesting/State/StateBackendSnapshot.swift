internal import Weir

/// A snapshot that a ``StateBackendRun`` takes, piece by piece: the rows of all workers, and their stores' files.
final class StateBackendSnapshot<Key: StreamKey> {
    private struct Capture {
        let worker: Int
        let name: String
        let capture: any StateCapture
    }

    /// What the states should be that it holds.
    let expected: [Key: StateBackendExpectation]
    let expectedRules: [String: Int64]
    let parallelism: Int
    private let workers: [StateBackendWorker<Key>]
    private let keyGroups: KeyGroups
    private var captures: [Capture] = []
    private let schemas: [String: StateSchema]
    /// The parts whose rows are in stores.
    private(set) var stored: Set<String> = []
    /// The rows by part, each worker's in the order in which they apply.
    private var rows: [String: [StateRows]] = [:]
    /// Rows that lie in stores.
    private var views: [(name: String, view: any StoredRowsView, groups: Range<Int>)] = []
    private(set) var files: [(any StoreCheckpoint)?] = []
    private(set) var rowCounts: [[String: Int]]

    init(
        of workers: [StateBackendWorker<Key>], expected: [Key: StateBackendExpectation], rules: [String: Int64],
        mode: CaptureMode,
        keyGroups: KeyGroups, basedOn base: StateBackendSnapshot<Key>?
    ) throws {
        self.workers = workers
        self.expected = expected
        expectedRules = rules
        self.keyGroups = keyGroups
        parallelism = workers.count
        rowCounts = workers.map { _ in [:] }
        var schemas: [String: StateSchema] = [:]
        for (index, worker) in workers.enumerated() {
            for (name, part, capture) in try worker.state.capture({ _ in mode }) {
                schemas[name] = part.schema
                if part.isStored { stored.insert(name) }
                captures.append(Capture(worker: index, name: name, capture: capture))
                let layers = rows[Self.place(index, name)] ?? []
                let isBased = !capture.isComplete && !part.isStored
                rows[Self.place(index, name)] = isBased ? base?.rows[Self.place(index, name)] ?? [] : layers
                if let count = capture.storedRowCount {
                    rowCounts[index][StateEnvironment.id(step: "step", part: name)] = count
                }
            }
        }
        self.schemas = schemas
    }

    private static func place(_ worker: Int, _ part: String) -> String { "\(worker) \(part)" }

    /// Whether nothing is left but ``finish()``.
    var isDone: Bool { captures.isEmpty }

    /// Takes the next piece.
    func step(_ byteLimit: Int) throws {
        guard let capture = captures.last else { return }
        var piece = StateRows()
        if try capture.capture.next(byteLimit, into: &piece) {
            rows[Self.place(capture.worker, capture.name), default: []].append(piece)
            return
        }
        rows[Self.place(capture.worker, capture.name), default: []].append(piece)
        captures.removeLast()
        if !stored.contains(capture.name) { return }
        if let view = capture.capture.stored {
            views.append((capture.name, view, workers[capture.worker].environment.groups))
        } else if let store = workers[capture.worker].environment.store {
            // The rows are in the store, and as they should be until the gate is opened.
            let stored = try store.rows(of: StateEnvironment.id(step: "step", part: capture.name))
            views.append((capture.name, try stored.view(), workers[capture.worker].environment.groups))
        }
    }

    /// Takes the rest, and the stores' checkpoints.
    func finish() throws {
        while !isDone { try step(1 << 20) }
        files = try workers.map { try $0.environment.store?.checkpoint() }
        // Views may be read as long as their store is open.
        for (name, view, groups) in views {
            var found = StateRows()
            try view.scan(groups: groups) { group, key, value in
                found.append(hash: keyGroups.hash(inGroup: group), key: key, value: value)
                return true
            }
            rows[Self.place(-1, name), default: []].append(found)
            view.release()
        }
        views = []
    }

    func cancel() {
        for capture in captures { capture.capture.cancel() }
        for view in views { view.view.release() }
        captures = []
        views = []
    }

    func release() {
        for checkpoint in files { checkpoint?.release() }
        files = []
    }

    /// All rows in the canonical form.
    ///
    /// - Parameter backend: the one that reads the rows of stores out of their files; nil to have them as they were noted.
    func parts(openedBy backend: (any StateBackend)?) throws -> [String: SavedPart] {
        var parts: [String: SavedPart] = [:]
        if let backend { try readFiles(backend) }
        for (name, schema) in schemas {
            var part = SavedPart(schema: schema)
            for worker in -1..<parallelism {
                for layer in rows[Self.place(worker, name)] ?? [] { part.rows.append(layer) }
            }
            parts[name] = part
        }
        return parts
    }

    /// Puts the rows in the stores' files in the place of those that were noted.
    private func readFiles(_ backend: any StateBackend) throws {
        for name in stored { rows[Self.place(-1, name)] = [] }
        for (worker, checkpoint) in files.enumerated() {
            let groups = keyGroups.range(ofWorker: worker, parallelism: parallelism)
            let place = StorePlace(
                job: "conformance", worker: worker, keyGroups: keyGroups, groups: groups, memoryBudget: 8 << 20,
                files: checkpoint?.files)
            guard let store = try backend.open(place) else { continue }
            defer { store.close() }
            for name in stored {
                var found = StateRows()
                let id = StateEnvironment.id(step: "step", part: name)
                try store.rows(of: id).scan(groups: groups, prefix: [], from: []) { group, key, value in
                    found.append(hash: keyGroups.hash(inGroup: group), key: key, value: value)
                    return true
                }
                rows[Self.place(-1, name), default: []].append(found)
            }
        }
    }
}
