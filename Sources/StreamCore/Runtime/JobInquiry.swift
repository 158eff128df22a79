package import StateBackend
internal import Synchronization

/// Collects the workers' answers to one question.
private final class Answers<Answer: Sendable>: Sendable {
    private let state: Mutex<(left: Int, all: [Answer?])>

    init(count: Int) { state = Mutex((count, Array(repeating: nil, count: count))) }

    /// Takes an answer; all of them when it was the last.
    func take(_ answer: Answer?, from worker: Int) -> [Answer?]? {
        state.withLock { state in
            state.all[worker] = answer
            state.left -= 1
            return state.left == 0 ? state.all : nil
        }
    }
}

extension Job {
    /// Asks every worker, each on its own thread between two rounds of work, and hands over all answers: nil from a
    /// worker that has finished.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (Worker) -> Answer, _ completion: @escaping @Sendable ([Answer?]) -> Void
    ) {
        let answers = Answers<Answer>(count: mailboxes.count)
        for (index, mailbox) in mailboxes.enumerated() {
            mailbox.ask { worker in
                if let all = answers.take(worker.map(question), from: index) { completion(all) }
            }
        }
    }

    /// What holds the watermark back, step by step: at which input, at which split of which source, and since when.
    ///
    /// The workers answer between two batches; the job isn't stopped. After the job's end every watermark is at the end.
    public func explainWatermark() async -> WatermarkExplanation {
        await withCheckedContinuation { continuation in
            explainWatermark { continuation.resume(returning: $0) }
        }
    }

    /// As ``explainWatermark()``, for callers that drive the workers themselves.
    package func explainWatermark(_ completion: @escaping @Sendable (WatermarkExplanation) -> Void) {
        let graph = graph
        ask { worker in
            WorkerTimes(worker)
        } _: {
            completion(WatermarkExplanation(graph: graph, times: $0))
        }
    }

    /// The state of all workers, which must have nothing on the way between them: for callers that drive the workers
    /// themselves.
    package func snapshotAtRest(_ completion: @escaping @Sendable (Result<JobSnapshot, JobError>) -> Void) {
        let names = stepNames
        let parallelism = options.parallelism
        let keyGroups = options.keyGroups.count
        let splitParallelism = splitParallelism
        ask { worker -> Result<JobSnapshot, JobError> in
            var part = JobSnapshot(
                parallelism: parallelism, keyGroups: keyGroups, splitParallelism: splitParallelism)
            do {
                try worker.save(into: &part, stepNames: names)
                return .success(part)
            } catch { return .failure(JobError.wrap(error, .snapshotFailed, step: "")) }
        } _: { answers in
            var whole = JobSnapshot(
                parallelism: parallelism, keyGroups: keyGroups, splitParallelism: splitParallelism)
            for answer in answers {
                switch answer {
                case .success(let part)?: whole.merge(part)
                case .failure(let error)?: return completion(.failure(error))
                case nil:
                    let message = "a worker has finished; take a snapshot before the input ends"
                    return completion(.failure(JobError(code: .snapshotFailed, message: message)))
                }
            }
            completion(.success(whole))
        }
    }

    /// A keyed part of a step's state, from all workers: for callers that drive the workers themselves.
    package func inspect<Key: StreamKey, Value: Sendable>(
        step: String, part name: String, keys: Key.Type, values: Value.Type,
        _ completion: @escaping @Sendable (Result<[Key: Value], JobError>) -> Void
    ) {
        guard let node = stepNames.firstIndex(of: step) else {
            let message = "there is no step '\(step)'; the steps are \(stepNames)"
            return completion(.failure(JobError(code: .unknownState, step: step, message: message)))
        }
        ask { worker -> Result<[Key: Value], JobError> in
            let state = worker.instances[node].state
            guard let part = state[name] else {
                let message = "the step has no state '\(name)'; it has \(state.names)"
                return .failure(JobError(code: .unknownState, step: step, message: message))
            }
            var entries: [Key: Value] = [:]
            var other: String?
            part.inspect { key, value in
                if let key = key as? Key, let value = value as? Value {
                    entries[key] = value
                } else {
                    other = "\(type(of: key)) to \(type(of: value))"
                }
            }
            guard let other else { return .success(entries) }
            let message = "state '\(name)' maps \(other), not \(Key.self) to \(Value.self)"
            return .failure(JobError(code: .unknownState, step: step, message: message))
        } _: { answers in
            var all: [Key: Value] = [:]
            for answer in answers {
                switch answer {
                case .success(let part)?: all.merge(part) { $1 }
                case .failure(let error)?: return completion(.failure(error))
                case nil: break
                }
            }
            completion(.success(all))
        }
    }
}
