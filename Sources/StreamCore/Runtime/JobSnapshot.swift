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
    /// The steps that have state or time, by name.
    public internal(set) var steps: [String: Step] = [:]

    init(parallelism: Int) { self.parallelism = parallelism }

    /// Adds what another worker saved.
    mutating func merge(_ other: JobSnapshot) {
        for (name, step) in other.steps {
            guard var whole = steps[name] else {
                steps[name] = step
                continue
            }
            whole.watermark = min(whole.watermark, step.watermark)
            for (part, saved) in step.parts {
                whole.parts[part, default: SavedPart(distribution: saved.distribution)].entries += saved.entries
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
            do { try instance.state.save(worker: index, into: &step.parts) } catch {
                throw JobError.wrap(error, .snapshotFailed, step: stepNames[node])
            }
            snapshot.steps[stepNames[node]] = step
        }
    }

    /// Loads this worker's share of a snapshot; nothing must have been processed yet.
    func load(_ snapshot: JobSnapshot, stepNames: [String], parallelism: Int, keyGroups: KeyGroups) throws {
        for (node, instance) in instances.enumerated() {
            guard let step = snapshot.steps[stepNames[node]] else { continue }
            do {
                try instance.state.load(
                    step.parts, worker: index, parallelism: parallelism, previousParallelism: snapshot.parallelism,
                    keyGroups: keyGroups)
                stepCounters[node].note(watermark: step.watermark)
                for action in instance.restored { try action(step.watermark) }
            } catch {
                throw JobError.wrap(error, .restoreFailed, step: stepNames[node])
            }
        }
    }
}
