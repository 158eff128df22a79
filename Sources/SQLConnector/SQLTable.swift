/// A column that a sink fills.
public struct SQLColumn: Sendable, Hashable {
    /// What a column holds; used where the sink makes the table.
    public enum Kind: Sendable, Hashable {
        /// `BIGINT` in PostgreSQL, `INTEGER` in SQLite.
        case integer
        /// `DOUBLE PRECISION`, `REAL`.
        case real
        /// `TEXT`.
        case text
        /// `BYTEA`, `BLOB`.
        case bytes
        /// `BOOLEAN`, `INTEGER`.
        case boolean
        /// `TIMESTAMPTZ`, `TEXT`.
        case timestamp
    }

    /// The column's name, as it is: it is quoted in statements.
    public let name: String
    /// What it holds.
    public let kind: Kind

    /// A column.
    public init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// A column of whole numbers.
    public static func integer(_ name: String) -> SQLColumn { SQLColumn(name, .integer) }
    /// A column of floating-point numbers.
    public static func real(_ name: String) -> SQLColumn { SQLColumn(name, .real) }
    /// A column of text.
    public static func text(_ name: String) -> SQLColumn { SQLColumn(name, .text) }
    /// A column of bytes.
    public static func bytes(_ name: String) -> SQLColumn { SQLColumn(name, .bytes) }
    /// A column of truths.
    public static func boolean(_ name: String) -> SQLColumn { SQLColumn(name, .boolean) }
    /// A column of times.
    public static func timestamp(_ name: String) -> SQLColumn { SQLColumn(name, .timestamp) }
}

/// The table that a sink writes to, and how.
///
/// ```swift
/// SQLTable("totals", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)
/// ```
public struct SQLTable: Sendable, Hashable {
    /// What becomes of a row whose key the table has already.
    public enum Write: Sendable, Hashable {
        /// Rows are added. A key that is there already fails the commit, where the table has a unique key.
        case append
        /// The row replaces the one with its key, in the columns that are named.
        case upsert
    }

    /// The schema; nil, the default, for the first on the database's search path.
    ///
    /// SQLite has none: leave it nil.
    public var schema: String?
    /// The table's name.
    public var name: String
    /// The columns that the sink fills, in the order of a row's values.
    public var columns: [SQLColumn]
    /// The columns of the primary key, by which rows are replaced.
    ///
    /// A table that is there already must have a unique index on just these.
    public var key: [String]
    /// What becomes of a row whose key is there.
    public var write: Write
    /// Whether the sink makes the table where there is none.
    ///
    /// The default is true.
    public var isCreated: Bool

    /// A table.
    public init(
        _ name: String, schema: String? = nil, _ columns: [SQLColumn], key: [String] = [], write: Write = .append,
        isCreated: Bool = true
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.key = key
        self.write = write
        self.isCreated = isCreated
    }

    /// What is wrong with the description; nil for nothing.
    package var problem: String? {
        let names = columns.map(\.name)
        if names.isEmpty { return "it has no columns; name those that the sink fills" }
        if Set(names).count < names.count { return "a column is named twice" }
        if let stranger = key.first(where: { !names.contains($0) }) {
            return "the key's column \(stranger) is not among the columns"
        }
        if write == .upsert && key.isEmpty { return "upserts need a key; name its columns" }
        return nil
    }
}
