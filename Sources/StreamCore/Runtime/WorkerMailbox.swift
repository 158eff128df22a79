internal import Synchronization

/// Questions to a worker from other threads: it answers them itself, between two rounds of work, so that what it looks
/// at needs no lock.
final class WorkerMailbox: Sendable {
    typealias Question = @Sendable (Worker?) -> Void

    private let hasMail = Atomic<Bool>(false)
    private let questions = Mutex<(isOpen: Bool, waiting: [Question])>((true, []))
    private let wakeSignal: WakeSignal

    init(wakeSignal: WakeSignal) { self.wakeSignal = wakeSignal }

    /// Has the worker call `question`; with nil, at once, when it no longer runs.
    func ask(_ question: @escaping Question) {
        let isOpen = questions.withLock { questions in
            if questions.isOpen { questions.waiting.append(question) }
            return questions.isOpen
        }
        guard isOpen else { return question(nil) }
        hasMail.store(true, ordering: .sequentiallyConsistent)
        wakeSignal.notify()
    }

    /// Answers what was asked; whether there was anything.
    func answer(_ worker: Worker) -> Bool {
        guard hasMail.load(ordering: .sequentiallyConsistent), hasMail.exchange(false, ordering: .acquiring) else {
            return false
        }
        let waiting = questions.withLock { questions in
            defer { questions.waiting = [] }
            return questions.waiting
        }
        for question in waiting { question(worker) }
        return !waiting.isEmpty
    }

    /// Answers everything, now and later, with nil: the worker has gone.
    func close() {
        let waiting = questions.withLock { questions in
            defer { questions = (false, []) }
            return questions.waiting
        }
        for question in waiting { question(nil) }
    }
}
