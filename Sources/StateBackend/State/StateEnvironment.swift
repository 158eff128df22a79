/// What the steps of one worker share: the worker's place among the others, and where its state lives.
public final class StateEnvironment {
    /// The worker's number.
    public let worker: Int
    /// The number of workers.
    public let parallelism: Int
    /// The job's key groups.
    public let keyGroups: KeyGroups
    /// The store below the tables; nil when state is in memory alone.
    public let store: (any StateStore)?
    /// The rows that the store has to begin with, by ``id(step:part:)`` and ``id(step:part:prefix:)``.
    public var rowCounts: [String: Int] = [:]
    /// The memory that tables over the store may take.
    public let allowance: TableAllowance
    /// Whether tables may write to the store.
    public let gate = StoreGate()
    /// The first error of the store.
    public let failure = StateFailure()

    /// The number of the barrier at which state is being captured, or was last.
    package var barrier = 0

    /// An environment.
    public init(
        worker: Int = 0, parallelism: Int = 1, keyGroups: KeyGroups = KeyGroups(), store: (any StateStore)? = nil,
        allowance: TableAllowance = TableAllowance()
    ) {
        self.worker = worker
        self.parallelism = parallelism
        self.keyGroups = keyGroups
        self.store = store
        self.allowance = allowance
    }

    private var isClosed = false

    /// Closes the store, once; no state may be used afterwards.
    public func closeStore() {
        guard !isClosed else { return }
        isClosed = true
        store?.close()
    }

    /// The key groups that the worker owns.
    public var groups: Range<Int> { keyGroups.range(ofWorker: worker, parallelism: parallelism) }

    /// The name under which a store knows a state.
    public static func id(step: String, part: String) -> String { "\(step.utf8.count):\(step)/\(part)" }
}
