internal import Workloads

/// How many ids the definition of the stream allows for: what sizes the tables.
enum NexmarkBounds {
    /// All people that are named.
    static func people(_ parameters: RunParameters) -> Int64 { parameters.events / 50 + 16 }

    /// All auctions that are named.
    static func auctions(_ parameters: RunParameters) -> Int64 { 3 * (parameters.events / 50) + 16 }

    /// The people that sell or bid in one window of 10 s: the active ones and the newcomers.
    static func peoplePerWindow(_ parameters: RunParameters) -> Int64 {
        min(people(parameters), max(1000, parameters.rate / 10) + parameters.rate / 4 + 128)
    }

    /// The auctions that get bids in one window of 10 s: the open ones, the new ones and a hot one.
    static func auctionsPerWindow(_ parameters: RunParameters) -> Int64 {
        min(auctions(parameters), parameters.rate * 3 / 4 + 1024)
    }
}
