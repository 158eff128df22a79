extension WorkloadQuery {
    /// The queries over ``Nexmark``.
    public static let nexmark: [WorkloadQuery] = [
        nexmark("q0", 200_000_000), nexmark("q1", 200_000_000), nexmark("q2", 300_000_000),
        nexmark("q3", 100_000_000), nexmark("q5", 8_000_000, rate: 200_000), nexmark("q7", 60_000_000),
        nexmark("q8", 150_000_000), nexmark("q11", 6_000_000, rate: 200_000),
        nexmark("q11_by_hand", 20_000_000, rate: 200_000), nexmark("q15", 20_000_000), nexmark("q17", 20_000_000),
        nexmark("q19", 10_000_000),
    ]

    /// The number of people follows from that of events: there are no users to choose.
    private static func nexmark(_ name: String, _ events: Int64, rate: Int64 = 1_000_000) -> WorkloadQuery {
        WorkloadQuery(name, events: events, rate: rate, users: 0, smallUsers: 0)
    }
}
