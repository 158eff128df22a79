internal import StateBackend

/// What becomes of a record for which a step's function throws an error.
public enum ErrorPolicy: Sendable, Equatable {
    /// The job fails with a ``JobError`` that names the step. This is the default.
    case fail
    /// The record is dropped and counted in the step's `rejected`.
    case drop
    /// The record is counted in the step's `rejected` and becomes a ``DeadLetter``, with the step's name, the error,
    /// the record's encoding and where it was read, on the step's ``DataStream/deadLetters``.
    case deadLetter
}

/// Applies a step's ``ErrorPolicy`` on a worker.
///
/// Made by ``OperatorContext/errors(_:for:)``. Off the hot path: it is called only when something was thrown.
public final class ErrorHandler<Element> {
    private let policy: ErrorPolicy
    private let step: String
    private let counters: StepCounters
    private let deadLetters: Collector<DeadLetter>?
    private lazy var codec = RecordText<Element>()

    init(policy: ErrorPolicy, step: String, counters: StepCounters, deadLetters: Collector<DeadLetter>?) {
        self.policy = policy
        self.step = step
        self.counters = counters
        self.deadLetters = deadLetters
    }

    /// Disposes of a record for which `error` was thrown.
    ///
    /// - Parameters:
    ///   - origin: where the record was read, if that is known.
    ///   - place: what the error was thrown for, when that is more than the record, for the dead letter's reason.
    /// - Throws: a ``JobError`` of `error` when the policy is to fail; and whatever is no fault of the record: ``JobError`` and
    ///   ``StateError`` are always thrown on.
    public func dispose(
        _ element: Element, at timestamp: Timestamp, _ error: any Error, from origin: BatchOrigin?,
        in place: String? = nil
    ) throws {
        if error is JobError || error is StateError { throw error }
        if policy == .fail {
            let place = origin.map { RecordPlace(source: $0.source, offset: $0.offset) }
            throw JobError(code: .stepFailed, step: step, message: "\(error)", cause: error, record: place)
        }
        counters.addRejected(1)
        guard policy == .deadLetter, let deadLetters else { return }
        let (bytes, encoding) = codec.bytes(of: element)
        try deadLetters.emit(
            DeadLetter(
                step: step, source: origin?.source ?? "", offset: origin?.offset ?? -1,
                reason: place.map { "\($0): \(error)" } ?? "\(error)", bytes: bytes, encoding: encoding),
            at: timestamp)
        try deadLetters.flush()
    }
}

extension OperatorContext {
    /// What applies the policy of a step to records of a type.
    public func errors<Element>(_ policy: ErrorPolicy, for type: Element.Type) throws -> ErrorHandler<Element> {
        ErrorHandler(
            policy: policy, step: step, counters: counters,
            deadLetters: policy == .deadLetter ? try collector(for: DeadLetter.output) : nil)
    }
}

/// A record's bytes for people and programs that look at dead letters.
struct RecordText<Element> {
    private let codec = StateCodec<Element>.automatic

    /// Text and bytes as they are; else by the type's codec; else what `print` would show.
    func bytes(of element: Element) -> (bytes: [UInt8], encoding: DeadLetter.Encoding) {
        if let text = element as? String { return (Array(text.utf8), .text) }
        if let bytes = element as? [UInt8] { return (bytes, .original) }
        if codec.form == .own || codec.form == .codable {
            var encoder = StateEncoder()
            if (try? codec.encode(element, into: &encoder)) != nil { return (encoder.bytes, .state) }
        }
        return (Array(String(describing: element).utf8), .text)
    }
}
