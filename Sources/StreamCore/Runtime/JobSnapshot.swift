public import StateBackend

/// The state of a whole job at one moment, in memory.
public struct JobSnapshot: Sendable {
    /// What one step had.
    public struct Step: Sendable {
        /// The lowest watermark over the workers.
        public var watermark: Timestamp
        /// The step's parts, by name.
        public var parts: [String: SavedPart]
    }

    /// The number of workers that the job had.
    public let parallelism: Int
    /// The number of key groups that the job had.
    public let keyGroups: Int
    /// The number of workers by which the sources are divided.
    public let splitParallelism: Int
    /// The steps that have state or time, by name.
    public internal(set) var steps: [String: Step] = [:]

    init(parallelism: Int, keyGroups: Int, splitParallelism: Int) {
        self.splitParallelism = splitParallelism
        self.parallelism = parallelism
        self.keyGroups = keyGroups
    }

    /// Checks that a job of these steps can begin with the snapshot.
    ///
    /// - Throws: ``JobError`` with code `restoreFailed` when a step with state has gone, or key groups have changed.
    func check(stepNames: [String], keyGroups: Int) throws(JobError) {
        guard keyGroups == self.keyGroups else {
            let message = "the snapshot has \(self.keyGroups) key groups, the job \(keyGroups); use as many as before"
            throw JobError(code: .restoreFailed, message: message)
        }
        for (name, step) in steps.sorted(by: { $0.key < $1.key }) where !stepNames.contains(name) {
            guard step.parts.values.contains(where: { $0.distribution != .worker && !$0.rows.isEmpty }) else {
                continue
            }
            throw JobError(
                code: .restoreFailed, step: name,
                message:
                    "the snapshot has state of this step, but the pipeline has no step of that name; give the step "
                    + "its old name")
        }
    }

    /// Adds what another worker saved.
    mutating func merge(_ other: JobSnapshot) {
        for (name, step) in other.steps {
            guard var whole = steps[name] else {
                steps[name] = step
                continue
            }
            whole.watermark = min(whole.watermark, step.watermark)
            for (part, saved) in step.parts {
                whole.parts[part, default: SavedPart(schema: saved.schema)].rows.append(saved.rows)
            }
            steps[name] = whole
        }
    }
}

extension Worker {
    /// Adds this worker's state to a snapshot.
    func save(into snapshot: inout JobSnapshot, stepNames: [String]) throws {
        for (node, instance) in instances.enumerated() {
            let watermark = stepCounters[node].currentWatermark
            var step = snapshot.steps[stepNames[node]] ?? JobSnapshot.Step(watermark: watermark, parts: [:])
            step.watermark = min(step.watermark, watermark)
            do { try instance.state.save(into: &step.parts) } catch {
                throw JobError.wrap(error, .snapshotFailed, step: stepNames[node])
            }
            snapshot.steps[stepNames[node]] = step
        }
    }

    /// Loads this worker's share of a snapshot; nothing must have been processed yet.
    func load(_ snapshot: JobSnapshot, stepNames: [String]) throws {
        for (node, instance) in instances.enumerated() {
            guard let step = snapshot.steps[stepNames[node]] else { continue }
            do {
                try instance.state.load(step.parts, previousParallelism: snapshot.parallelism)
                stepCounters[node].note(watermark: step.watermark)
                for action in instance.restored { try action(step.watermark) }
            } catch {
                throw JobError.wrap(error, .restoreFailed, step: stepNames[node])
            }
        }
    }
}
