/// How the splits of a source are found while a job runs: files that appear in a directory, partitions that are added.
///
/// See ``Source/discovery``.
public struct SplitDiscovery<Split: Sendable>: Sendable {
    /// How often to look, by the job's clock.
    public let interval: Duration
    /// How many splits a worker reads at a time; nil for all.
    ///
    /// The others wait in the order of the listing, and the watermark doesn't wait for them. Only for splits that end.
    public let splitsAtOnce: Int?
    /// Whether a split that has ended and is listed no longer is forgotten, so that snapshots don't grow for ever.
    ///
    /// Should it be listed again, it is read again: only for sources whose listing never misses a split.
    public let forgetsEndedSplits: Bool
    /// Lists all splits that there are, those known included; called on workers' threads, by each worker for itself.
    public let list: @Sendable () throws -> SplitListing<Split>

    /// A discovery.
    ///
    /// - Parameters:
    ///   - interval: how often to look, by the job's clock; at the start it is done at once.
    ///   - splitsAtOnce: how many splits a worker reads at a time; nil for all.
    ///   - forgetsEndedSplits: whether a split that has ended and is listed no longer is forgotten.
    ///   - list: lists all splits that there are.
    public init(
        every interval: Duration, splitsAtOnce: Int? = nil, forgetsEndedSplits: Bool = false,
        list: @escaping @Sendable () throws -> SplitListing<Split>
    ) {
        precondition(splitsAtOnce ?? 1 > 0, "a worker reads one split at least")
        self.interval = interval
        self.splitsAtOnce = splitsAtOnce
        self.forgetsEndedSplits = forgetsEndedSplits
        self.list = list
    }
}

/// The splits that a source has at a moment.
public struct SplitListing<Split: Sendable>: Sendable {
    /// The splits, in the order in which those that are new are to be read.
    public let splits: [Split]
    /// Whether there will never be others: the source ends when these have.
    public let isComplete: Bool
    /// Whether the place that was to be listed is not there at all: an unmounted directory, a topic that was deleted.
    ///
    /// Then nothing is forgotten (``SplitDiscovery/forgetsEndedSplits``): once the worker knows a split, the job fails.
    public let isMissing: Bool

    /// A listing.
    public init(_ splits: [Split], isComplete: Bool = false, isMissing: Bool = false) {
        self.splits = splits
        self.isComplete = isComplete
        self.isMissing = isMissing
    }
}
