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

    /// The step's name.
    public let step: String
    /// The state's name.
    public let state: String
    /// Whether the state's types or forms have changed: all values may then be other bytes.
    public let hasOtherSchema: Bool
    /// Keys that only the later snapshot has.
    public internal(set) var added = 0
    /// Keys that only the earlier snapshot has.
    public internal(set) var removed = 0
    /// Keys whose values differ.
    public internal(set) var changed = 0
    /// Keys whose values are the same.
    public internal(set) var unchanged = 0

    /// Whether nothing differs.
    public var isEmpty: Bool { added + removed + changed == 0 && !hasOtherSchema }
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
        var pairs: [(String, String, SnapshotManifest.Part?, SnapshotManifest.Part?)] = []
        for step in manifest.steps {
            for part in step.parts where filter.takes(step: step.name, state: part.name) {
                pairs.append((step.name, part.name, part, later.part(step.name, part.name)))
            }
        }
        for step in later.manifest.steps {
            for part in step.parts where filter.takes(step: step.name, state: part.name) {
                if self.part(step.name, part.name) == nil { pairs.append((step.name, part.name, nil, part)) }
            }
        }
        return try pairs.map { step, state, before, after in
            var difference = SnapshotDifference(
                step: step, state: state,
                hasOtherSchema: before != nil && after != nil && before?.schema != after?.schema)
            let keyGroups = Set((before.map { groups(of: $0) } ?? []) + (after.map { later.groups(of: $0) } ?? []))
            for group in keyGroups.sorted(by: { ($0 ?? -1) < ($1 ?? -1) }) {
                let old = try before.map { try rows(step, $0, group: group) } ?? []
                let new = try after.map { try later.rows(step, $0, group: group) } ?? []
                try compare(old.filter(filter.takes), new.filter(filter.takes), &difference, body)
            }
            return difference
        }
    }

    private func part(_ step: String, _ name: String) -> SnapshotManifest.Part? {
        manifest.steps.first { $0.name == step }?.parts.first { $0.name == name }
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
