public import Workloads

/// The hand-written single-thread loop of each query, by name: the yardstick for the engine.
///
/// The rules, so that the figures mean something: a source materialises batches of complete records; one pass in event
/// order; users come from the data and are hashed, campaigns come from the query's own table and may index an array;
/// the known bound on disorder decides when a window fires; every row goes into the digest.
public enum HandLoopTable {
    /// The version of the loops, for the result line.
    public static let version = "1"

    /// The loops; all want parallelism 1.
    public static let queries: [String: QueryRun] = [
        "source_only": SourceOnlyLoop.run,
        "ysb": YSBLoop.run,
        "ysb_json": YSBJSONLoop.run,
        "tumbling_sum_1m_keys": TumblingSumLoop.run,
        "sliding": SlidingLoop.run,
        "sliding_paned": SlidingLoop.run,
        "session": SessionLoop<UserSessions>.run,
        "session_by_hand": SessionLoop<UserSessions>.run,
        "funnel": FunnelLoop.run,
        "uniques": UniquesLoop.run,
        "keyed_state": KeyedStateLoop.run,
        "q0": BidLoops.q0,
        "q1": BidLoops.q1,
        "q2": BidLoops.q2,
        "q3": LocalSellersLoop.run,
        "q5": HotItemsLoop.run,
        "q7": HighestBidLoop.run,
        "q8": NewSellersLoop.run,
        "q11": SessionLoop<BidderSessions>.run,
        "q11_by_hand": SessionLoop<BidderSessions>.run,
        "q15": BidStatisticsLoop.run,
        "q17": AuctionStatisticsLoop.run,
        "q19": TopBidsLoop.run,
    ]
}
