public import StateBackend

/// A keyed state of a running job, to be read while the job goes on.
///
/// ```swift
/// let totals = job.state("totals", of: "per customer", keys: String.self, values: Double.self)
/// let now = try await totals.get("ann")               // as the worker has it now
/// let safe = try await totals.get("ann", from: .lastSnapshot)
/// ```
/// A list is read as an array of its elements; what other kinds hold is said by their schema.
public struct JobState<Key: StreamKey, Value: Sendable>: Sendable {
    /// As of when a state is read.
    public enum Moment: Sendable {
        /// Now: each worker answers between two batches. Values of several workers are not of one moment.
        case now
        /// As of the last durable snapshot, over all workers.
        ///
        /// What has expired since, by the job's clock, is left out.
        case lastSnapshot
    }

    let job: Job
    let step: String
    let name: String
    let codec: StateCodec<Value>?

    /// The value of a key; nil when it has none.
    ///
    /// - Throws: ``JobError`` with code `unknownState` when there is no such state, or it is of other types, or the job has
    ///   ended; ``SnapshotError`` when the snapshot can't be read, with code `noSnapshot` when there is none yet.
    public func get(_ key: Key, from moment: Moment = .now) async throws -> Value? {
        let group = job.options.keyGroups.group(ofHash: key.stableHash)
        switch moment {
        case .now:
            let worker = job.options.keyGroups.worker(ofGroup: group, parallelism: job.options.parallelism)
            return try await ask(worker) { try $0.look(up: key, of: Value.self) }
        case .lastSnapshot:
            var found: Value?
            try forEachSaved(groups: group..<(group + 1)) { if Key.same($0, key) { found = $1 } }
            return found
        }
    }

    /// All keys and values.
    ///
    /// - Throws: as ``get(_:from:)``.
    public func all(from moment: Moment = .now) async throws -> [Key: Value] {
        var all: [Key: Value] = [:]
        switch moment {
        case .now:
            for worker in 0..<job.options.parallelism {
                let part = try await ask(worker) { try $0.entries(keys: Key.self, values: Value.self) }
                all.merge(part) { $1 }
            }
        case .lastSnapshot: try forEachSaved(groups: 0..<job.options.keyGroups.count) { all[$0] = $1 }
        }
        return all
    }

    private func ask<Answer: Sendable>(
        _ worker: Int, _ question: @escaping @Sendable (any StateLookup) throws -> Answer
    ) async throws -> Answer {
        guard let node = job.stepNames.firstIndex(of: step) else {
            throw unknown("there is no step '\(step)'; the steps are \(job.stepNames)")
        }
        let result: Result<Answer, JobError> = await withCheckedContinuation { continuation in
            job.mailboxes[worker].ask { worker in
                continuation.resume(returning: answer(of: worker, node, question))
            }
        }
        return try result.get()
    }

    private func answer<Answer>(
        of worker: Worker?, _ node: Int, _ question: (any StateLookup) throws -> Answer
    ) -> Result<Answer, JobError> {
        guard let worker else { return .failure(unknown("the job has ended; read its last snapshot")) }
        let state = worker.instances[node].state
        guard let part = state[name] else {
            return .failure(unknown("the step has no state '\(name)'; it has \(state.names)"))
        }
        guard let lookup = part as? any StateLookup else {
            return .failure(unknown("state '\(name)' can't be looked up by key; it is \(part.schema.kind)"))
        }
        do { return .success(try question(lookup)) } catch {
            return .failure(JobError.wrap(error, .unknownState, step: step))
        }
    }

    private func unknown(_ message: String) -> JobError {
        JobError(code: .unknownState, step: step, message: message)
    }

    private func forEachSaved(groups: Range<Int>, _ body: (Key, Value) throws -> Void) throws {
        let scratch = try ScratchDirectory(prefix: "weir-read")
        let inspector = SnapshotInspector(
            StoredContents(try job.coordinator.openLast(), scratch: scratch.path), backends: [job.options.backend])
        do {
            try inspector.forEachEntry(
                step: step, state: name, groups: groups, at: job.options.clock.now, codec: codec, body)
        } catch {
            if error is SnapshotError { throw error }
            throw JobError.wrap(error, .unknownState, step: step)
        }
    }
}

extension Job {
    /// A keyed state of one of the job's steps, to be read while the job runs.
    ///
    /// - Parameters:
    ///   - name: the state's name.
    ///   - step: the step's name.
    ///   - keys: the type of its keys.
    ///   - values: the type of its values.
    ///   - codec: how values are read from a snapshot, where the state was declared with a codec of its own.
    public func state<Key: StreamKey, Value: Sendable>(
        _ name: String, of step: String, keys: Key.Type = Key.self, values: Value.Type = Value.self,
        codec: StateCodec<Value>? = nil
    ) -> JobState<Key, Value> {
        JobState(job: self, step: step, name: name, codec: codec)
    }
}
