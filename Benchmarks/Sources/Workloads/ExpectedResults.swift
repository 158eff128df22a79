/// The tables of expected results: rows and digest of each query at its small and its full size.
public struct ExpectedResults: Sendable {
    private var small: [String: Digest] = [:]
    private var full: [String: (WorkloadQuery.Profile, Digest)] = [:]

    /// A line that doesn't have the columns of its table.
    public struct MalformedLine: Error, CustomStringConvertible {
        /// The line.
        public let line: String

        /// The message.
        public var description: String { "malformed line in a table of expected results: \(line)" }
    }

    /// Parses `expected.tsv` (query, rows, digest) and `expected_full.tsv` (query, N, R, U, rows, digest).
    public init(small smallTable: String, full fullTable: String) throws(MalformedLine) {
        for line in Self.lines(smallTable) {
            let fields = line.split(separator: "\t")
            guard fields.count == 3, let digest = Self.digest(fields[1], fields[2]) else {
                throw MalformedLine(line: String(line))
            }
            small[String(fields[0])] = digest
        }
        for line in Self.lines(fullTable) {
            let fields = line.split(separator: "\t")
            guard fields.count == 6, let events = Int64(fields[1]), let rate = Int64(fields[2]),
                let users = Int64(fields[3]), let digest = Self.digest(fields[4], fields[5])
            else { throw MalformedLine(line: String(line)) }
            full[String(fields[0])] = (WorkloadQuery.Profile(events: events, rate: rate, users: users), digest)
        }
    }

    /// The result of a query on the given data; nil when the tables don't have it.
    public func digest(of query: WorkloadQuery, on profile: WorkloadQuery.Profile) -> Digest? {
        if profile == query.small, let digest = small[query.name] { return digest }
        if let (known, digest) = full[query.name], known == profile { return digest }
        return nil
    }

    /// Lines but for comments and the header.
    private static func lines(_ table: String) -> [Substring] {
        table.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("query\t") }
    }

    private static func digest(_ rows: Substring, _ sum: Substring) -> Digest? {
        guard let rows = Int64(rows), let sum = UInt64(sum, radix: 16) else { return nil }
        return Digest(rows: rows, sum: sum)
    }
}
