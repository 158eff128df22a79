public import Workloads

/// The queries that the engine runs in this build, by name.
public enum EngineQueryTable {
    /// The engine's version, for the result line.
    public static let version = "0.1.0"

    /// The queries; the harness reports any other as not available in this build.
    public static let queries: [String: QueryRun] = [
        "source_only": AdsQueries.sourceOnly,
        "ysb": AdsQueries.ysb,
        "tumbling_sum_1m_keys": AdsQueries.tumblingSum,
        "sliding": AdsQueries.sliding,
        "session": AdsQueries.session,
        "funnel": AdsQueries.funnel,
        "uniques": AdsQueries.uniques,
        "keyed_state": AdsQueries.keyedState,
    ]
}
