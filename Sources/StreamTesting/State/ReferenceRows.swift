internal import Weir

/// The rows of one state in a ``ReferenceStore``: by group and key.
final class ReferenceRows: StoredRows {
    private let keyGroups: KeyGroups
    var groups: [Int: [[UInt8]: [UInt8]]] = [:]

    init(_ keyGroups: KeyGroups) { self.keyGroups = keyGroups }

    func read(_ keys: StateRows, _ found: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
        for (index, row) in keys.rows.enumerated() {
            let value = groups[keyGroups.group(ofHash: row.hash)]?[[UInt8](keys.key(of: row))]
            if let value { try value.withUnsafeBytes { try found(index, $0) } }
        }
    }

    func write(_ rows: StateRows) throws {
        var seen: Set<[UInt8]> = []
        for row in rows.rows {
            let key = [UInt8](rows.key(of: row))
            guard seen.insert(key).inserted else {
                throw StateError(
                    code: .storeFailed, message: "a key was written twice at once; that is the table's fault")
            }
            let value = row.isRemoval ? nil : [UInt8](rows.value(of: row))
            groups[keyGroups.group(ofHash: row.hash), default: [:]][key] = value
        }
    }

    func scan(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (Int, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try ReferenceRows.scan(self.groups, groups, prefix: prefix, from: start, body)
    }

    func removeAll() { groups = [:] }

    func view() -> any StoredRowsView { ReferenceView(groups) }

    static func scan(
        _ rows: [Int: [[UInt8]: [UInt8]]], _ groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (Int, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        for group in rows.keys.sorted() where groups.contains(group) {
            let sorted = (rows[group] ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (key, value) in sorted where key.starts(with: prefix) {
                if group == groups.lowerBound && key.lexicographicallyPrecedes(start) { continue }
                let goesOn = try key.withUnsafeBytes { key in try value.withUnsafeBytes { try body(group, key, $0) } }
                if !goesOn { return }
            }
        }
    }
}

/// Rows as they were at one moment.
private final class ReferenceView: StoredRowsView {
    private let rows: [Int: [[UInt8]: [UInt8]]]

    init(_ rows: [Int: [[UInt8]: [UInt8]]]) { self.rows = rows }

    func scan(
        groups: Range<Int>, _ body: (Int, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try ReferenceRows.scan(rows, groups, prefix: [], from: [], body)
    }

    func release() {}
}
