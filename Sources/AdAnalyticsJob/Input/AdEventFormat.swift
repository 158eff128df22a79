internal import Weir

/// The formats of input files that the job reads.
///
/// `Docs/guides/ad-analytics.md` has the mapping of columns.
public enum AdEventFormat: String, Sendable, CaseIterable {
    /// The job's own schema, a JSON object per line.
    case json
    /// The job's own schema as comma-separated values with a header.
    case csv
    /// The public Google Analytics sample, flattened to a row per product or promotion of a hit.
    case ga360
    /// TalkingData's mobile ad clicks with installs.
    case talkingdata
    /// GitHub's public event stream.
    case gharchive

    /// How far a record may be behind the newest one of its file, unless the user says otherwise.
    public var defaultOutOfOrderness: Duration {
        switch self {
        case .json, .csv, .gharchive: .seconds(10)
        // A day's rows lie in any order.
        case .ga360: .seconds(86_400)
        // The whole file lies in any order, and installs are up to days later than their click.
        case .talkingdata: .seconds(30 * 86_400)
        }
    }

    /// Whether events have an identity by which duplicates can be found.
    public var hasIdentity: Bool {
        switch self {
        case .json, .csv, .gharchive: true
        case .ga360, .talkingdata: false
        }
    }
}

/// The names under which a user's own JSON or CSV files hold the job's fields.
public struct AdEventFields: Sendable, Equatable {
    /// The job's fields, each with the column that holds it.
    public private(set) var columns: [(field: String, column: String)] = AdEventFields.names.map { ($0, $0) }
    /// The tenant of all events, for files without such a column.
    public var tenant: String?

    /// The job's fields.
    public static let names = [
        "event_id", "event_time", "type", "tenant", "user", "campaign", "ad", "product", "price_micros", "quantity",
    ]

    /// Each field in the column of its own name.
    public init() {}

    /// Reads a mapping such as `user=customer_id,event_time=ts`.
    ///
    /// - Throws: ``AdAnalyticsError`` for a field that doesn't exist or a part that isn't `field=column`.
    public init(mapping: String) throws(AdAnalyticsError) {
        for part in mapping.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, let index = columns.firstIndex(where: { $0.field == sides[0] }) else {
                throw AdAnalyticsError(
                    code: .usage,
                    message: "'\(part)' is no mapping; write field=column, where field is one of "
                        + Self.names.joined(separator: ", "))
            }
            columns[index].column = sides[1]
        }
    }

    /// The column of a field.
    func column(_ field: String) -> String { columns.first { $0.field == field }?.column ?? field }

    /// Whether every field is in the column of its own name.
    var isIdentity: Bool { columns.allSatisfy { $0.field == $0.column } }

    /// Whether both say the same.
    public static func == (a: AdEventFields, b: AdEventFields) -> Bool {
        a.tenant == b.tenant && a.columns.map(\.column) == b.columns.map(\.column)
    }
}

/// What can't be done with the options or files given.
public struct AdAnalyticsError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Sendable {
        /// The options make no sense.
        case usage
        /// The input can't be read.
        case input
        /// The output can't be written.
        case output
    }

    /// What kind of failure it is.
    public let code: Code
    /// What is wrong and what to do.
    public let message: String

    /// An error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
