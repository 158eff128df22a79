/// A query of the workloads with the sizes that it is measured at.
public struct WorkloadQuery: Equatable, Sendable {
    /// The data of one run: events, rate and users.
    public struct Profile: Equatable, Sendable {
        /// Number of events.
        public var events: Int64
        /// Events per second of event time.
        public var rate: Int64
        /// Number of users; 0 where the data has none to choose.
        public var users: Int64

        /// Creates a profile.
        public init(events: Int64, rate: Int64, users: Int64) {
            self.events = events
            self.rate = rate
            self.users = users
        }
    }

    /// The name, as in the tables of expected results.
    public let name: String
    /// The size for measuring.
    public let full: Profile
    /// The size for checking, run in well under a second.
    public let small: Profile

    /// Creates a query; the small profile is 1 M events at 10 000 per second.
    public init(_ name: String, events: Int64, rate: Int64, users: Int64, smallUsers: Int64 = 10_000) {
        self.name = name
        full = Profile(events: events, rate: rate, users: users)
        small = Profile(events: 1_000_000, rate: 10_000, users: smallUsers)
    }

    /// Every query, by family; a new family adds its list here.
    public static let all: [WorkloadQuery] = ads + nexmark

    /// The query of this name.
    public static func named(_ name: String) -> WorkloadQuery? {
        all.first { $0.name == name }
    }
}
