internal import StateBackend

/// The snapshot that a job begins with: opens the workers' stores and loads the steps' states.
struct JobRestore {
    let manifest: SnapshotManifest
    /// Whether it is one of the storage that the job's own snapshots go to, so that they can share its files.
    let isOwn: Bool
    private let stored: StoredSnapshot
    /// Whether rows in the workers' stores have to be migrated, and so be written anew.
    private let needsRewrite: Bool
    private let options: JobOptions
    private let pipeline: String
    /// Where store files are put that the storage has not as files.
    private let scratch: ScratchDirectory

    /// The snapshot that `options.start` asks for; nil when the job is to begin afresh.
    ///
    /// Every file of it is checked here, before anything is loaded.
    /// - Throws: ``SnapshotError``.
    init?(_ description: Pipeline, options: JobOptions) throws {
        let pipeline = description.name
        let storage: any SnapshotStorage
        var id: Int?
        switch options.start {
        case .fresh: return nil
        case .latest, .snapshot:
            guard let own = options.snapshots?.storage else {
                throw JobError(
                    code: .invalidOption,
                    message: "start is \(options.start), but the job has no storage; set JobOptions.snapshots")
            }
            storage = own
            isOwn = true
            if case .snapshot(let number) = options.start { id = number }
        case .stored(let other, let number):
            storage = other
            id = number
            isOwn = false
        }
        let repository = SnapshotRepository(storage, pipeline: pipeline)
        if let id {
            stored = try repository.open(id)
        } else if let latest = try repository.openLatest() {
            stored = latest
        } else if case .latest = options.start {
            return nil
        } else {
            throw SnapshotError(
                code: .noSnapshot, message: "\(storage.description) has no snapshot of pipeline '\(pipeline)'")
        }
        manifest = stored.manifest
        guard manifest.keyGroups == options.keyGroups.count else {
            throw SnapshotError(
                code: .incompatible,
                message:
                    "the snapshot has \(manifest.keyGroups) key groups, the job \(options.keyGroups.count); use as "
                    + "many as before")
        }
        let check = try description.check(against: manifest, options)
        try check.validate(allowingDropped: options.droppedStates)
        // Rows of states that are dropped must not come back one day under the same name.
        needsRewrite = check.needsRewrite || !check.dropped.isEmpty || !options.droppedStates.isEmpty
        self.options = options
        self.pipeline = pipeline
        scratch = try ScratchDirectory(prefix: "weir-restore")
    }

    /// What a worker's steps share; with the snapshot's store where it is one of the job's backend and of the same key
    /// groups.
    static func environment(worker: Int, pipeline: String, options: JobOptions, _ restore: JobRestore?) throws
        -> StateEnvironment
    {
        let groups = options.keyGroups.range(ofWorker: worker, parallelism: options.parallelism)
        let share = options.memoryBudget.map { $0 / options.parallelism }
        let whole = share ?? 256 << 20
        // What fits the tables costs least; the store needs some for what it writes, and for its filters and indexes.
        let tables = whole / 8 * 5
        let native = restore?.nativeStore(of: worker, groups)
        var place = StorePlace(
            job: pipeline, worker: worker, keyGroups: options.keyGroups, groups: groups, memoryBudget: whole - tables)
        if let native, let restore {
            place = StorePlace(
                job: pipeline, worker: worker, keyGroups: options.keyGroups, groups: groups,
                memoryBudget: whole - tables,
                files: try restore.files(of: native))
        }
        let store = try options.backend.open(place)
        let environment = StateEnvironment(
            worker: worker, parallelism: options.parallelism, keyGroups: options.keyGroups, store: store,
            allowance: allowance(store == nil ? share ?? .max : tables))
        if let native { environment.rowCounts = native.rowCounts }
        return environment
    }

    private static func allowance(_ bytes: Int) -> TableAllowance {
        TableAllowance(total: bytes, smallestTable: min(1_024, max(16, bytes >> 10)))
    }

    /// The store of exactly these groups, if all workers' stores can be taken as they are.
    private func nativeStore(of worker: Int, _ groups: Range<Int>) -> SnapshotManifest.Store? {
        guard isNative else { return nil }
        return manifest.stores.first { $0.worker == worker && $0.groups == groups }
    }

    /// Whether the workers' stores are opened as they are: nothing has to be read then.
    private var isNative: Bool {
        !needsRewrite && !manifest.stores.isEmpty && manifest.parallelism == options.parallelism
            && manifest.stores.allSatisfy { $0.backend == options.backend.name }
    }

    private func files(of store: SnapshotManifest.Store) throws -> [StoreFile] {
        try stored.storeFiles(worker: store.worker, scratch: scratch.path) ?? []
    }

    /// Loads a worker's share of every state.
    func load(_ worker: Worker, stepNames: [String]) throws {
        for step in manifest.steps {
            guard let node = stepNames.firstIndex(of: step.name) else { continue }
            let instance = worker.instances[node]
            do {
                for part in step.parts where !isDropped(step.name, part.name) {
                    instance.state.prepareToLoad(part.name, part.schema)
                    if part.isStored {
                        if !isNative { try loadStored(part, of: step.name, into: instance.state) }
                    } else {
                        instance.state.reserve(part.name, rowCount: share(of: part, on: instance.state.environment))
                        try load(part, of: step.name, into: instance.state)
                    }
                }
                worker.stepCounters[node].note(watermark: step.watermark)
                for action in instance.restored { try action(step.watermark) }
                try worker.environment.failure.check()
            } catch { throw JobError.wrap(error, .restoreFailed, step: step.name) }
        }
    }

    private func isDropped(_ step: String, _ part: String) -> Bool {
        options.droppedStates.contains(step) || options.droppedStates.contains("\(step)/\(part)")
    }

    /// About how many rows of a keyed state a worker gets.
    private func share(of part: SnapshotManifest.Part, on environment: StateEnvironment) -> Int {
        // Later layers mostly hold rows of the first one's keys. A row has a byte at least, whatever the count says.
        let largest = Dictionary(grouping: part.layers, by: \.worker).values.map { layers in
            layers.map { min($0.rowCount, $0.byteCount) }.max() ?? 0
        }
        let whole = largest.reduce(0, +)
        return Int(Double(whole) * Double(environment.groups.count) / Double(manifest.keyGroups))
    }

    private func load(_ part: SnapshotManifest.Part, of step: String, into state: StepState) throws {
        let distribution = part.schema.distribution
        var index = 0
        let groups = distribution == .keyed ? state.environment.groups : nil
        try stored.read(step: step, part: part.name, groups: groups, worker: nil) { rows in
            try state.load(
                rows, of: part.name, distribution: distribution, firstIndex: index,
                previousParallelism: manifest.parallelism)
            index += rows.count
        }
    }

    /// Reads a state out of the stores of all workers that had some of this one's groups.
    private func loadStored(_ part: SnapshotManifest.Part, of step: String, into state: StepState) throws {
        let groups = state.environment.groups
        for store in manifest.stores where store.groups.overlaps(groups) {
            let place = StorePlace(
                job: pipeline, worker: store.worker, keyGroups: options.keyGroups, groups: store.groups,
                memoryBudget: 32 << 20, files: try files(of: store))
            let backends = [options.backend] + options.readableBackends
            guard let opened = try backends.first(where: { $0.name == store.backend })?.open(place) else {
                throw SnapshotError(
                    code: .incompatible,
                    message:
                        "its state '\(part.name)' lies in a store of the backend '\(store.backend)', and the job's is "
                        + "'\(options.backend.name)'; add '\(store.backend)' to JobOptions.readableBackends, or begin once "
                        + "with it and take a savepoint, which every backend reads")
            }
            defer { opened.close() }
            let shared = store.groups.clamped(to: groups)
            var rows = StateRows()
            func load() throws {
                try state.load(
                    rows, of: part.name, distribution: .keyed, previousParallelism: manifest.parallelism)
                rows.removeAll()
            }
            let id = StateEnvironment.id(step: step, part: part.name)
            try opened.rows(of: id).scan(groups: shared, prefix: [], from: []) { group, key, value in
                rows.append(hash: options.keyGroups.hash(inGroup: group), key: key, value: value)
                if rows.count >= 4_096 { try load() }
                return true
            }
            try load()
        }
    }
}
