extension SnapshotRewrite {
    /// Writes the savepoint; its manifest last, so that it is there as a whole or not at all.
    ///
    /// - Parameters:
    ///   - repository: where to. Its pipeline may have another name than the snapshot's.
    ///   - number: the savepoint's number; by default the next one.
    ///   - compression: how rows are compressed.
    /// - Returns: what was written.
    /// - Throws: ``SnapshotError`` with code `keyCollision` where two keys become one and nothing says how to merge their
    ///   values; `conflict` where two states get one name, or the number is taken; `incompatible` where a step's keys
    ///   change and its timers or records under way don't; what closures, codecs and the storage throw.
    @discardableResult
    public func write(
        to repository: SnapshotRepository, number: Int? = nil, compression: SnapshotCompression = .lz4
    ) throws -> SnapshotManifest {
        let targets = try targets()
        try checkKeys(targets)
        var header = manifest
        header.pipeline = repository.pipeline
        header.id = try number ?? (repository.currentIDs().last ?? 0) + 1
        header.kind = .savepoint
        header.positions = []
        let writer = try repository.begin(header, base: nil, compression: compression)
        do {
            for step in manifest.steps {
                // A new step's first, which that of a step that there was replaces.
                for target in step.parts.flatMap({ targets["\(step.name)/\($0.name)"] ?? [] }) {
                    writer.setStep(target.step, watermark: step.watermark)
                }
            }
            for step in manifest.steps {
                writer.setStep(stepNames[step.name] ?? step.name, watermark: step.watermark)
                for part in step.parts {
                    for target in targets["\(step.name)/\(part.name)"] ?? [] {
                        try write(part, of: step.name, as: target, to: writer)
                    }
                }
            }
            writer.addPositions(
                manifest.positions.map { position in
                    var position = position
                    position.source = stepNames[position.source] ?? position.source
                    return position
                })
            return try writer.commit(finished: manifest.finished)
        } catch {
            writer.abort()
            throw error
        }
    }

    /// What becomes of every state of the snapshot, by name.
    private func targets() throws -> [String: [RewriteTarget]] {
        var all: [String: [RewriteTarget]] = [:]
        var taken: Set<[String]> = []
        for step in manifest.steps {
            for part in step.parts {
                let name = "\(step.name)/\(part.name)"
                let kept = RewriteTarget(step: step.name, state: part.name, schema: part.schema, transform: nil)
                var targets = changes[name] ?? [kept]
                for index in targets.indices {
                    targets[index].step = stepNames[targets[index].step] ?? targets[index].step
                    let target = targets[index]
                    guard taken.insert([target.step, target.state]).inserted else {
                        throw SnapshotError(
                            code: .conflict,
                            message: "two states would be called '\(target.step)/\(target.state)'; rename or drop one")
                    }
                }
                all[name] = targets
            }
        }
        return all
    }

    /// Refuses keys that change for some of what a step has by key.
    private func checkKeys(_ targets: [String: [RewriteTarget]]) throws {
        func isKept(_ name: String) -> Bool { targets[name]?.contains { $0.transform == nil } ?? false }
        let changed = manifest.steps.filter { step in
            let newName = stepNames[step.name] ?? step.name
            return step.parts.contains { part in
                guard part.schema.distribution == .keyed, part.schema.kind != "timers", let old = part.schema.key
                else { return false }
                return (targets["\(step.name)/\(part.name)"] ?? []).contains {
                    $0.transform != nil && $0.step == newName && $0.schema.key?.match(old).report.isReadable == false
                }
            }
        }
        for step in changed {
            for part in step.parts where part.schema.kind == "timers" && part.rowCount > 0 {
                let name = "\(step.name)/\(part.name)"
                guard isKept(name) else { continue }
                throw SnapshotError(
                    code: .incompatible,
                    message:
                        "the keys of step '\(step.name)' change, and those of its timers don't ('\(name)'); use rekey, "
                        + "or drop them")
            }
        }
        guard let first = changed.first else { return }
        // Records under way to it have the old keys. They are a part of the step that gave them these.
        for step in manifest.steps {
            for part in step.parts where part.schema.kind == StateSchema.inFlight && part.rowCount > 0 {
                let name = "\(step.name)/\(part.name)"
                guard isKept(name) else { continue }
                throw SnapshotError(
                    code: .incompatible,
                    message:
                        "the keys of step '\(first.name)' change, and the snapshot has \(part.rowCount) batches under "
                        + "way that a barrier has overtaken ('\(name)'), perhaps with the old ones; take a snapshot "
                        + "without SnapshotOptions.alignmentTimeout")
            }
        }
    }

    private func write(
        _ part: SnapshotManifest.Part, of step: String, as target: RewriteTarget, to writer: SnapshotWriter
    ) throws {
        let schema = target.schema
        func put(_ rows: StateRows, _ worker: Int) throws {
            try writer.write(
                rows, step: target.step, part: target.state, schema: schema, worker: worker, isComplete: true)
        }
        try put(StateRows(), 0)
        guard let transform = target.transform else { return try copy(part, of: step, put) }
        let keyGroups = KeyGroups(count: manifest.keyGroups)
        let size = max(part.byteCount, part.rowCount * 64)
        let passes = min(max(1, (size + heldBytes - 1) / heldBytes), manifest.keyGroups)
        for pass in 0..<passes {
            let range = keyGroups.range(ofWorker: pass, parallelism: passes)
            try transform(
                { body in
                    for group in inspector.groups(of: part, .init()) {
                        try body(try inspector.rows(step, part, group: group))
                    }
                },
                { range.contains(keyGroups.group(ofHash: $0)) },
                { rows in
                    defer { rows.removeAll() }
                    guard schema.distribution == .keyed else { return try put(rows, 0) }
                    try self.share(rows, put)
                })
        }
    }

    /// Gives rows to the workers that own their keys.
    private func share(_ rows: StateRows, _ put: (StateRows, Int) throws -> Void) throws {
        let keyGroups = KeyGroups(count: manifest.keyGroups)
        var shares: [Int: StateRows] = [:]
        for row in rows.rows {
            let group = keyGroups.group(ofHash: row.hash)
            let worker = keyGroups.worker(ofGroup: group, parallelism: manifest.parallelism)
            shares[worker, default: StateRows()].append(row, of: rows, hash: nil)
        }
        for (worker, rows) in shares.sorted(by: { $0.key < $1.key }) { try put(rows, worker) }
    }

    private func copy(
        _ part: SnapshotManifest.Part, of step: String, _ put: (StateRows, Int) throws -> Void
    ) throws {
        let keyGroups = KeyGroups(count: manifest.keyGroups)
        switch part.schema.distribution {
        case .keyed:
            for group in 0..<manifest.keyGroups {
                var rows = StateRows()
                for row in try inspector.rows(step, part, group: group) {
                    rows.append(hash: keyGroups.hash(inGroup: group), key: row.keyBytes, value: row.valueBytes)
                }
                let worker = keyGroups.worker(ofGroup: group, parallelism: manifest.parallelism)
                if !rows.isEmpty { try put(rows, worker) }
            }
        case .broadcast:
            var rows = StateRows()
            for row in try inspector.rows(step, part, group: nil) {
                rows.append(hash: 0, key: row.keyBytes, value: row.valueBytes)
            }
            try put(rows, 0)
        case .list, .worker:
            // As they are, in their order: rows of a worker stand for themselves.
            for worker in 0..<manifest.parallelism {
                try snapshot.read(step: step, part: part.name, worker: worker) { try put($0, worker) }
            }
        }
    }
}
