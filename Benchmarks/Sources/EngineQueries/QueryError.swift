/// Why a query can't be run as asked.
public enum QueryError: Error, CustomStringConvertible {
    /// Lags are those of windows' results, and this query has no windows.
    case noWindows

    /// The message.
    public var description: String {
        switch self {
        case .noWindows: "its results are not those of windows; leave --latency out"
        }
    }
}
