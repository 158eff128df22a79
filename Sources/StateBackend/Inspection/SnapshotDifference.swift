/// What has changed in a state from one snapshot to another.
public struct SnapshotDifference: Sendable, Equatable {
    /// How a key has changed.
    public enum Change: String, Sendable {
        /// Only the later snapshot has it.
        case added
        /// Only the earlier one has it.
        case removed
        /// Both have it, with other values.
        case changed
    }

    /// What the later snapshot's schema makes of the earlier one's rows, with the types of both.
    ///
    /// Found as ``SnapshotCheck`` finds it, with the later snapshot in the place of the program. A manifest doesn't tell
    /// what migrations a program has: what one had to be written for is "needs migration".
    public let compatibility: StateCompatibility
    /// Whether the state's types or forms have changed: all values may then be other bytes.
    public var hasOtherSchema: Bool {
        guard let written = compatibility.written, let current = compatibility.current else { return false }
        return written != current
    }
    /// Keys that only the later snapshot has.
    public internal(set) var added = 0
    /// Keys that only the earlier snapshot has.
    public internal(set) var removed = 0
    /// Keys whose values differ.
    public internal(set) var changed = 0
    /// Keys whose values are the same.
    public internal(set) var unchanged = 0

    /// The step's name.
    public var step: String { compatibility.step }
    /// The state's name.
    public var state: String { compatibility.state }

    /// Whether nothing differs: the state is in both, with the same schema and rows.
    public var isEmpty: Bool {
        added + removed + changed == 0 && compatibility.status == .both(.same) && !hasOtherSchema
    }

    init(_ compatibility: StateCompatibility) { self.compatibility = compatibility }
}

extension SnapshotInspector {
    /// Compares the snapshot with a later one, state by state, a key group after the other.
    ///
    /// Rows without keys are taken for keys themselves.
    ///
    /// - Parameter body: is given every row that differs: the earlier one and the later one, of which one may be nil.
    /// - Throws: as ``forEachRow(_:_:)``; ``SnapshotError`` with code `incompatible` when the snapshots have different
    ///   numbers of key groups.
    public func differences(
        to later: SnapshotInspector, _ filter: Filter = Filter(),
        _ body: (SnapshotDifference.Change, _ before: SnapshotRow?, _ after: SnapshotRow?) throws -> Void = { _, _, _ in
        }
    ) throws -> [SnapshotDifference] {
        guard manifest.keyGroups == later.manifest.keyGroups else {
            throw SnapshotError(
                code: .incompatible,
                message: "the snapshots have \(manifest.keyGroups) and \(later.manifest.keyGroups) key groups, which "
                    + "can't be compared; compare snapshots of one job")
        }
        let states = manifest.check(against: later.manifest.schemas).states
        return try states.filter { filter.takes(step: $0.step, state: $0.state) }.map { state in
            var difference = SnapshotDifference(state)
            let before = manifest.part(state.state, of: state.step)
            let after = later.manifest.part(state.state, of: state.step)
            let keyGroups = Set(
                (before.map { groups(of: $0, filter) } ?? []) + (after.map { later.groups(of: $0, filter) } ?? []))
            for group in keyGroups.sorted(by: { ($0 ?? -1) < ($1 ?? -1) }) {
                let old = try before.map { try rows(state.step, $0, group: group) } ?? []
                let new = try after.map { try later.rows(state.step, $0, group: group) } ?? []
                try compare(old.filter(filter.takes), new.filter(filter.takes), &difference, body)
            }
            return difference
        }
    }

    private func compare(
        _ old: [SnapshotRow], _ new: [SnapshotRow], _ difference: inout SnapshotDifference,
        _ body: (SnapshotDifference.Change, SnapshotRow?, SnapshotRow?) throws -> Void
    ) throws {
        func identity(_ row: SnapshotRow) -> [UInt8] {
            row.keyBytes.isEmpty && row.keyGroup == nil ? row.valueBytes : row.keyBytes
        }
        // Rows without keys may be there several times.
        var before: [[UInt8]: [SnapshotRow]] = [:]
        for row in old { before[identity(row), default: []].append(row) }
        for row in new {
            guard let match = before[identity(row)]?.popLast() else {
                difference.added += 1
                try body(.added, nil, row)
                continue
            }
            if match.valueBytes == row.valueBytes {
                difference.unchanged += 1
            } else {
                difference.changed += 1
                try body(.changed, match, row)
            }
        }
        for row in old where before[identity(row)]?.popLast() != nil {
            difference.removed += 1
            try body(.removed, row, nil)
        }
    }
}

extension SnapshotManifest {
    /// The schemas of all states, by step and name, as a program's are given to ``check(against:)``.
    var schemas: [String: [String: StateSchema]] {
        var schemas: [String: [String: StateSchema]] = [:]
        for step in steps { for part in step.parts { schemas[step.name, default: [:]][part.name] = part.schema } }
        return schemas
    }
}
