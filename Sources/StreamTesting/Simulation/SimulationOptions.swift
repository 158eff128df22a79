public import Weir

/// What may happen in a simulation.
public struct SimulationOptions: Sendable {
    /// The numbers of workers that a job may have; another one at each start.
    ///
    /// The default is 1 through 4.
    public var parallelism = 1...4
    /// The backends that a job may have; the first one is drawn most often.
    ///
    /// The default is memory alone.
    public var backends: [any StateBackend] = [MemoryBackend()]
    /// The memory that a job with a store may take, in bytes: small, so that it has to use the store.
    ///
    /// The default is 4,096.
    public var memoryBudget = 4_096
    /// Whether splits say now and then that they have caught up, as a topic does that has nothing new.
    ///
    /// The default is false. With ``WatermarkStrategy/Idleness/whenCaughtUp`` the watermark then goes on without such a
    /// split, and its records may be late when they come: for jobs whose results don't depend on that.
    public var splitsGoIdle = false
    /// What the job promises.
    ///
    /// The default is exactly once. With at least once no result may be missing, and each that comes must be an expected
    /// one, but may come more than once; and the source gives records again. For pipelines whose results don't change
    /// when a record counts twice.
    public var guarantee = SnapshotOptions.Guarantee.exactlyOnce
    /// How often a job crashes, fails or is stopped at most before it runs to its end.
    ///
    /// The default is 4.
    public var maximumFailures = 4
    /// The steps after which a job that hasn't ended is taken to be stuck.
    ///
    /// The default is 50,000.
    public var stepLimit = 50_000
    /// Whether a failing plan is made as small as possible, which takes some hundred runs.
    ///
    /// The default is true.
    public var shrinks = true

    /// The defaults.
    public init() {}
}
