public import Workloads

/// The queries that the engine runs in this build, by name.
public enum EngineQueryTable {
    /// The engine's version, for the result line.
    public static let version = "0.1.0"

    /// The queries; the harness reports any other as not available in this build.
    public static let queries: [String: QueryRun] = [
        "source_only": AdsQueries.sourceOnly,
        "ysb": AdsQueries.ysb,
        "ysb_json": AdLineQueries.ysb,
        "tumbling_sum_1m_keys": AdsQueries.tumblingSum,
        "sliding": AdsQueries.sliding,
        "session": AdsQueries.session,
        "funnel": AdsQueries.funnel,
        "uniques": AdsQueries.uniques,
        "keyed_state": AdsQueries.keyedState,
        "q0": NexmarkQueries.q0,
        "q1": NexmarkQueries.q1,
        "q2": NexmarkQueries.q2,
        "q3": NexmarkQueries.q3,
        "q5": NexmarkQueries.q5,
        "q7": NexmarkQueries.q7,
        "q8": NexmarkQueries.q8,
        "q11": NexmarkQueries.q11,
        "q15": NexmarkQueries.q15,
        "q17": NexmarkQueries.q17,
        "q19": NexmarkQueries.q19,
    ]
}
