internal import Synchronization

/// Questions to a worker from other threads: it answers them itself, between two rounds of work, so that what it looks
/// at needs no lock.
final class WorkerMailbox: Sendable {
    typealias Question = @Sendable (Worker?) -> Void

    private let hasMail = Atomic<Bool>(false)
    private struct State {
        var isOpen = true
        var waiting: [Question] = []
        /// The worker, once it has nothing more to do.
        var finished: Worker?
        /// Whether a thread that asked is answering for the finished worker.
        var isAnswering = false
    }

    private let questions = Mutex(State())
    private let wakeSignal: WakeSignal

    init(wakeSignal: WakeSignal) { self.wakeSignal = wakeSignal }

    /// Has the worker call `question`; at once when it has finished, and with nil when it has gone.
    func ask(_ question: @escaping Question) {
        let (isOpen, hasFinished) = questions.withLock { questions in
            if questions.isOpen { questions.waiting.append(question) }
            return (questions.isOpen, questions.finished != nil)
        }
        guard isOpen else { return question(nil) }
        if hasFinished { return answerForFinished() }
        hasMail.store(true, ordering: .sequentiallyConsistent)
        wakeSignal.notify()
    }

    /// The worker has nothing more to do, and answers on the threads of those who ask.
    func finish(_ worker: Worker) {
        questions.withLock { if $0.isOpen { $0.finished = worker } }
        answerForFinished()
    }

    /// Nobody steps the worker any more; one thread at a time may look at it, and it goes on with what others ask
    /// meanwhile.
    private func answerForFinished() {
        guard
            questions.withLock({ questions in
                defer { questions.isAnswering = true }
                return !questions.isAnswering
            })
        else { return }
        while true {
            let next: (Question, Worker)? = questions.withLock { questions in
                guard let finished = questions.finished, !questions.waiting.isEmpty else {
                    questions.isAnswering = false
                    return nil
                }
                return (questions.waiting.removeFirst(), finished)
            }
            guard let (question, worker) = next else { return }
            question(worker)
        }
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
        let (waiting, finished) = questions.withLock { questions in
            defer { questions = State(isOpen: false) }
            return (questions.waiting, questions.finished)
        }
        for question in waiting { question(nil) }
        // Not under the lock: the worker closes its mailbox when it goes.
        _ = consume finished
    }
}
