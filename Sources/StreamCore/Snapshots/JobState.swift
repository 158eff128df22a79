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
    ///   ended, with code `readInterrupted` when its workers have stopped and it is about to begin again or to end;
    ///   ``SnapshotError`` when the snapshot can't be read, with code `noSnapshot` when there is none yet.
    public func get(_ key: Key, from moment: Moment = .now) async throws -> Value? {
        let group = job.options.keyGroups.group(ofHash: key.stableHash)
        switch moment {
        case .now:
            let worker = job.options.keyGroups.worker(ofGroup: group, parallelism: job.options.parallelism)
            return try await ask(worker) { try $0.look(up: key, of: Value.self) }
        case .lastSnapshot:
            var found: Value?
            try SavedStateReader(self).forEach(groups: group..<(group + 1)) { if Key.same($0, key) { found = $1 } }
            return found
        }
    }

    /// All keys and values at once: for states that are small.
    ///
    /// All are held in memory, and each worker stands still for as long as it takes to copy its own; so what one worker
    /// has is as of one moment. ``entries(from:)`` reads a state of any size without that.
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
        case .lastSnapshot:
            try SavedStateReader(self).forEach(groups: 0..<job.options.keyGroups.count) { all[$0] = $1 }
        }
        return all
    }

    /// The keys and values, read piece by piece as they are asked for: for states of any size.
    ///
    /// ```swift
    /// for try await (customer, total) in totals.entries() where total > 1_000 { print(customer, total) }
    /// ```
    /// See ``JobStateEntries`` for the order and the moment. Nothing is read before the first is asked for, and nothing
    /// more once no more are.
    public func entries(from moment: Moment = .now) -> JobStateEntries<Key, Value> {
        JobStateEntries(state: self, moment: moment)
    }

    /// The first entries of a key's ordered map whose map keys are in `range`, in order.
    ///
    /// To read on, ask again from behind the last one. In memory, and over a store where map keys are integers, what is read
    /// is what is handed out, and entries before it that have expired and not been removed yet; over a store also all those
    /// of the key's map keys that are known to be in memory are looked at. Other keys of a store are sorted first. Of a
    /// snapshot the rows of the key's group are read.
    ///
    /// - Parameters:
    ///   - key: whose map.
    ///   - range: the map keys, in the order that the state has.
    ///   - limit: the most entries. The worker stands still for as many, and what is read besides. The default is 1,024.
    ///   - moment: as of when. The default is now.
    /// - Throws: as ``get(_:from:)``; also ``JobError`` with code `unknownState` when the state is no ordered map.
    public func scan<MapKey: StreamKey & Comparable, Element: Sendable>(
        _ key: Key, in range: Range<MapKey>, limit: Int = 1_024, from moment: Moment = .now
    ) async throws -> [(key: MapKey, value: Element)] where Value == [MapKey: Element] {
        let group = job.options.keyGroups.group(ofHash: key.stableHash)
        switch moment {
        case .now:
            let worker = job.options.keyGroups.worker(ofGroup: group, parallelism: job.options.parallelism)
            let bounds = (from: range.lowerBound, to: range.upperBound)
            return try await ask(worker) { try $0.scan(key, in: bounds, limit: limit, values: Element.self) }
        case .lastSnapshot:
            let reader = try SavedStateReader(self)
            if let kind = reader.kind, kind != "ordered map" {
                throw unknown(
                    "the state is \(kind), whose entries are in no order; only ordered maps are read by ranges")
            }
            var found: [(key: MapKey, value: Element)] = []
            try reader.forEach(groups: group..<(group + 1)) { other, map in
                guard Key.same(other, key) else { return }
                found = map.filter { range.contains($0.key) }.map { ($0.key, $0.value) }
            }
            return Array(found.sorted { $0.key < $1.key }.prefix(Swift.max(limit, 0)))
        }
    }

    /// Asks a worker; one of the given attempt, or else of the present one.
    func ask<Answer: Sendable>(
        _ worker: Int, of attempt: JobAttempt? = nil,
        _ question: @escaping @Sendable (any StateLookup) throws -> Answer
    ) async throws -> Answer {
        guard let node = job.stepNames.firstIndex(of: step) else {
            throw unknown("there is no step '\(step)'; the steps are \(job.stepNames)")
        }
        let result: Result<Answer, JobError> = await withCheckedContinuation { continuation in
            (attempt ?? job.attempt).mailboxes[worker].ask { worker in
                continuation.resume(returning: answer(of: worker, node, question))
            }
        }
        return try result.get()
    }

    private func answer<Answer>(
        of worker: Worker?, _ node: Int, _ question: (any StateLookup) throws -> Answer
    ) -> Result<Answer, JobError> {
        guard let worker else {
            return .failure(
                job.isFinished
                    ? unknown("the job has ended; read its last snapshot")
                    : interrupted(
                        "the job's workers have stopped, and it is about to begin again or to end; read it then, or "
                            + "its last snapshot"))
        }
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

    func interrupted(_ message: String) -> JobError {
        JobError(code: .readInterrupted, step: step, message: message)
    }

    private func unknown(_ message: String) -> JobError {
        JobError(code: .unknownState, step: step, message: message)
    }
}

/// A state of a job's last durable snapshot, being read.
///
/// The snapshot's files stay as long as the reader.
final class SavedStateReader<Key: StreamKey, Value: Sendable> {
    private let state: JobState<Key, Value>
    private let inspector: SnapshotInspector
    /// Where store files are put that the storage has not as files; after `inspector`, whose stores have them open.
    private let scratch: ScratchDirectory
    /// By which entries have expired; one time for all.
    private let now: Int64

    init(_ state: JobState<Key, Value>) throws {
        self.state = state
        now = state.job.options.clock.now
        scratch = try ScratchDirectory(prefix: "weir-read")
        let options = state.job.options
        inspector = SnapshotInspector(
            StoredContents(try state.job.coordinator.openLast(), scratch: scratch.path),
            backends: [options.backend] + options.readableBackends)
    }

    /// The state's kind; nil where the snapshot doesn't have it.
    var kind: String? { inspector.manifest.part(state.name, of: state.step)?.schema.kind }

    /// Hands the keys and values of the given key groups to `body`, which had not expired when reading began.
    func forEach(groups: Range<Int>, _ body: (Key, Value) throws -> Void) throws {
        do {
            try inspector.forEachEntry(
                step: state.step, state: state.name, groups: groups, at: now,
                codec: state.codec, body)
        } catch {
            if error is SnapshotError { throw error }
            throw JobError.wrap(error, .unknownState, step: state.step)
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
