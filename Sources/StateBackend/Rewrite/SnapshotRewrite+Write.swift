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
        try checkKeys(targets, changedIn: stepsOfOtherKeys(targets))
        try checkCollisions(targets)
        var header = manifest
        header.pipeline = repository.pipeline
        header.id = try number ?? (repository.currentIDs().last ?? 0) + 1
        header.kind = .savepoint
        header.positions = []
        let writer = try repository.begin(header, base: nil, compression: compression)
        do {
            for (step, watermark) in watermarks(targets) { writer.setStep(step, watermark: watermark) }
            var changed: Set<String> = []
            for step in manifest.steps {
                for part in step.parts {
                    for target in targets["\(step.name)/\(part.name)"] ?? [] {
                        let isItsKey = target.step == newName(of: step.name) && part.schema.isKeyedByStep
                        try write(part, of: step.name, as: target, to: writer) {
                            if isItsKey { changed.insert(step.name) }
                        }
                    }
                }
            }
            // Keys of one type that closures have changed.
            try checkKeys(targets, changedIn: manifest.steps.filter { changed.contains($0.name) })
            writer.addPositions(
                manifest.positions.map { position in
                    var position = position
                    position.source = newName(of: position.source)
                    return position
                })
            return try writer.commit(finished: manifest.finished)
        } catch {
            writer.abort()
            throw error
        }
    }

    /// The name that a step of the snapshot gets.
    private func newName(of step: String) -> String { stepNames[step] ?? step }

    /// What becomes of every state of the snapshot, by name.
    private func targets() throws -> [String: [RewriteTarget]] {
        var all: [String: [RewriteTarget]] = [:]
        var taken: Set<[String]> = []
        for step in manifest.steps {
            let own = newName(of: step.name)
            for part in step.parts {
                let name = "\(step.name)/\(part.name)"
                let kept = RewriteTarget(
                    step: step.name, isOfOwnStep: true, state: part.name, schema: part.schema, work: .copy)
                var targets = changes[name] ?? [kept]
                for index in targets.indices {
                    // A new state may be given the step's new name or the old one.
                    let given = targets[index].step
                    let isNew = stepNames.values.contains(given)
                    targets[index].step = targets[index].isOfOwnStep ? own : isNew ? given : newName(of: given)
                    let target = targets[index]
                    guard taken.insert([target.step, target.state]).inserted else {
                        throw SnapshotError(
                            code: .conflict,
                            message: "two states would be called '\(target.step)/\(target.state)'; rename or drop one")
                    }
                    guard let rekeyed = rekeyed[name], target.work.isCopy, target.step == own else { continue }
                    targets[index].schema = rekeyed.schema
                    targets[index].work = rekeyed.work
                }
                all[name] = targets
            }
        }
        return all
    }

    /// The steps of the result with their watermarks: of one that is made of several the lowest.
    private func watermarks(_ targets: [String: [RewriteTarget]]) -> [(step: String, watermark: Int64)] {
        var order: [String] = []
        var watermarks: [String: Int64] = [:]
        for step in manifest.steps {
            let made = step.parts.flatMap { targets["\(step.name)/\($0.name)"] ?? [] }.map(\.step)
            for name in [newName(of: step.name)] + made {
                if watermarks[name] == nil { order.append(name) }
                watermarks[name] = min(watermarks[name] ?? .max, step.watermark)
            }
        }
        return order.map { ($0, watermarks[$0] ?? .min) }
    }

    /// The steps whose keys are known to change before a row is read.
    private func stepsOfOtherKeys(_ targets: [String: [RewriteTarget]]) -> [SnapshotManifest.Step] {
        manifest.steps.filter { step in
            step.parts.contains { part in
                (targets["\(step.name)/\(part.name)"] ?? []).contains { target in
                    switch target.work {
                    case .copy: false
                    case .rekey: true
                    case .transform:
                        part.schema.isKeyedByStep && target.step == newName(of: step.name)
                            && part.schema.key.map { target.schema.key?.match($0).report.isReadable == false } ?? false
                    }
                }
            }
        }
    }

    /// Refuses keys that change for some of what the given steps have by key.
    private func checkKeys(
        _ targets: [String: [RewriteTarget]], changedIn changed: [SnapshotManifest.Step]
    ) throws {
        func isKept(_ name: String) -> Bool { targets[name]?.contains(where: \.work.isCopy) ?? false }
        for step in changed {
            for part in step.parts where part.schema.kind == StateSchema.timers && part.rowCount > 0 {
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

    /// Refuses that two keys of a step become one.
    private func checkCollisions(_ targets: [String: [RewriteTarget]]) throws {
        let keyGroups = KeyGroups(count: manifest.keyGroups)
        for step in manifest.steps {
            var maps: [(part: SnapshotManifest.Part, map: RewriteTarget.KeyMap)] = []
            for part in step.parts {
                for target in targets["\(step.name)/\(part.name)"] ?? [] {
                    if case .rekey(let map) = target.work { maps.append((part, map)) }
                }
            }
            guard !maps.isEmpty else { continue }
            try forEachPass(size: maps.reduce(0) { $0 + $1.part.rowCount * 64 }) { groups, limit in
                var seen: [[UInt8]: [UInt8]] = [:]
                var held = 0
                for (part, map) in maps {
                    try read(part, of: step.name) { rows in
                        for row in rows {
                            let key = try map(row)
                            guard groups.contains(keyGroups.group(ofHash: key.hash)) else { continue }
                            guard let old = seen[key.key] else {
                                seen[key.key] = key.old
                                held += key.key.count + key.old.count + 64
                                continue
                            }
                            if old != key.old { throw RewriteTarget.collision(ofStep: step.name, key.text) }
                        }
                        if held > limit { throw RewritePass.HoldsTooMuch() }
                    }
                }
            }
        }
    }

    /// Calls `body` for ranges of key groups, of which none holds more than it may: one that does is made again in two.
    private func forEachPass(size: Int, _ body: (_ groups: Range<Int>, _ limit: Int) throws -> Void) throws {
        let keyGroups = KeyGroups(count: manifest.keyGroups)
        let passes = min(max(1, (size + heldBytes - 1) / heldBytes), manifest.keyGroups)
        var ranges = (0..<passes).reversed().map { keyGroups.range(ofWorker: $0, parallelism: passes) }
        while let range = ranges.popLast() {
            do {
                // One group can't be made less.
                try body(range, range.count > 1 ? heldBytes : .max)
            } catch is RewritePass.HoldsTooMuch {
                let middle = (range.lowerBound + range.upperBound) / 2
                ranges += [middle..<range.upperBound, range.lowerBound..<middle]
            }
        }
    }

    private func read(
        _ part: SnapshotManifest.Part, of step: String, _ body: ([SnapshotRow]) throws -> Void
    ) throws {
        for group in inspector.groups(of: part, .init()) { try body(try inspector.rows(step, part, group: group)) }
    }

    private func write(
        _ part: SnapshotManifest.Part, of step: String, as target: RewriteTarget, to writer: SnapshotWriter,
        changesKey: @escaping () -> Void
    ) throws {
        let schema = target.schema
        func put(_ rows: StateRows, _ worker: Int) throws {
            try writer.write(
                rows, step: target.step, part: target.state, schema: schema, worker: worker, isComplete: true)
        }
        try put(StateRows(), 0)
        func putNew(_ rows: inout StateRows) throws {
            defer { rows.removeAll() }
            guard schema.distribution == .keyed else { return try put(rows, 0) }
            try share(rows, put)
        }
        switch target.work {
        case .copy: try copy(part, of: step, put)
        case .rekey(let map):
            var rows = StateRows()
            try read(part, of: step) { old in
                for row in old {
                    let key = try map(row)
                    rows.append(hash: key.hash, key: key.row, value: row.valueBytes)
                    if rows.byteCount > 1 << 20 { try putNew(&rows) }
                }
            }
            try putNew(&rows)
        case .transform(let transform):
            let keyGroups = KeyGroups(count: manifest.keyGroups)
            try forEachPass(size: max(part.byteCount, part.rowCount * 64)) { groups, limit in
                try transform(
                    { try read(part, of: step, $0) },
                    RewritePass(
                        limit: limit, isWanted: { groups.contains(keyGroups.group(ofHash: $0)) },
                        put: { try putNew(&$0) }, changesKey: changesKey))
            }
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

extension StateSchema {
    /// Whether rows go by the step's key, and aren't timers, which are told of changes rather than make them.
    fileprivate var isKeyedByStep: Bool { distribution == .keyed && kind != StateSchema.timers && key != nil }
}
