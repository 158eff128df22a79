extension WorkloadQuery {
    /// The queries over `ads-u` and `ads-s`.
    public static let ads: [WorkloadQuery] = [
        WorkloadQuery("source_only", events: 1_000_000_000, rate: 1_000_000, users: 1_000_000),
        WorkloadQuery("ysb", events: 200_000_000, rate: 1_000_000, users: 1_000_000),
        WorkloadQuery("ysb_json", events: 15_000_000, rate: 1_000_000, users: 1_000_000),
        WorkloadQuery("tumbling_sum_1m_keys", events: 20_000_000, rate: 1_000_000, users: 1_000_000),
        WorkloadQuery("sliding", events: 3_000_000, rate: 50_000, users: 1_000_000),
        WorkloadQuery("sliding_paned", events: 60_000_000, rate: 500_000, users: 1_000_000),
        WorkloadQuery("session", events: 4_000_000, rate: 200_000, users: 200_000),
        WorkloadQuery("session_by_hand", events: 20_000_000, rate: 200_000, users: 200_000),
        WorkloadQuery("funnel", events: 5_000_000, rate: 200_000, users: 200_000),
        WorkloadQuery("uniques", events: 30_000_000, rate: 1_000_000, users: 1_000_000),
        WorkloadQuery(
            "keyed_state", events: 25_000_000, rate: 1_000_000, users: 10_000_000, smallUsers: 100_000),
    ]
}
