import Synchronization
import Weir

/// A service whose answers a test gives, one by one.
final class LookupGate: Sendable {
    /// Look-ups that wait, by the record's number, and what has happened so far.
    private struct State {
        var waiting: [Int: CheckedContinuation<String, any Error>] = [:]
        var calls: [Int] = []
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Waits for the test's answer.
    @Sendable
    func find(_ event: Event) async throws -> String {
        let id = event.id
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    state.calls.append(id)
                    state.waiting[id] = continuation
                }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.cancelled.insert(id)
                return state.waiting.removeValue(forKey: id)
            }
            waiting?.resume(throwing: CancellationError())
        }
    }

    /// Answers a look-up with its number, or with an error.
    func answer(_ id: Int, with error: (any Error)? = nil) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: id) }
        if let error { waiting?.resume(throwing: error) } else { waiting?.resume(returning: "\(id)") }
    }

    /// The records whose look-ups wait.
    var waiting: [Int] { state.withLock { $0.waiting.keys.sorted() } }

    /// The records whose look-ups were cancelled.
    var cancelled: [Int] { state.withLock { $0.cancelled.sorted() } }

    /// The look-ups begun since this was last asked.
    func takeCalls() -> [Int] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }
}
