/// Whether a program can go on from a snapshot, state by state.
///
/// Worked out from the snapshot's manifest and the program's schemas alone, without reading a row.
public struct SnapshotCheck: Sendable, Equatable {
    /// Every state of either, in the order of the snapshot's steps, those that are new last.
    public let states: [StateCompatibility]

    /// Compares a snapshot with a program.
    ///
    /// - Parameters:
    ///   - manifest: the snapshot's manifest.
    ///   - schemas: the program's states by step and name.
    public init(manifest: SnapshotManifest, against schemas: [String: [String: StateSchema]]) {
        var states: [StateCompatibility] = []
        var seen: Set<[String]> = []
        for step in manifest.steps {
            for part in step.parts {
                seen.insert([step.name, part.name])
                states.append(Self.compare(step.name, part, schemas[step.name]?[part.name]))
            }
        }
        for (step, parts) in schemas.sorted(by: { $0.key < $1.key }) {
            for (name, schema) in parts.sorted(by: { $0.key < $1.key }) where !seen.contains([step, name]) {
                states.append(
                    StateCompatibility(
                        step: step, state: name, status: .new, written: nil, current: schema, reasons: [], rowCount: 0,
                        needsRewrite: false))
            }
        }
        self.states = states
    }

    private static func compare(
        _ step: String, _ part: SnapshotManifest.Part, _ current: StateSchema?
    ) -> StateCompatibility {
        guard let current else {
            return StateCompatibility(
                step: step, state: part.name, status: .dropped, written: part.schema, current: nil, reasons: [],
                rowCount: part.rowCount, needsRewrite: false)
        }
        let (report, needsRewrite) = current.fit(part.schema)
        return StateCompatibility(
            step: step, state: part.name, status: .both(report.fit), written: part.schema, current: current,
            reasons: report.reasons, rowCount: part.rowCount, needsRewrite: part.isStored && needsRewrite)
    }

    /// Whether a job can start from the snapshot without losing a state.
    public var isLoadable: Bool { states.allSatisfy(\.isLoadable) }

    /// Whether some state's rows in a store must be written again in the canonical form before they are used.
    public var needsRewrite: Bool { states.contains(where: \.needsRewrite) }

    /// A line for each state, for people.
    public var lines: [String] { states.map(\.line) }

    /// The states that a job leaves out when they may be dropped: those that it can't load, and those that it lacks.
    public var dropped: [StateCompatibility] { states.filter { !$0.isLoadable || $0.status == .dropped } }

    /// Throws unless a job can start from the snapshot.
    ///
    /// - Parameter names: states whose rows may be lost, each as `step/state` (``StateCompatibility/name``), or `step`
    ///   for all states of a step.
    /// - Throws: ``SnapshotError`` with code `incompatible`, which names every state that stands in the way, with its
    ///   types and what can be done.
    public func validate(allowingDropped names: Set<String> = []) throws(SnapshotError) {
        let faults = states.filter { !$0.isLoadable && !names.contains($0.name) && !names.contains($0.step) }
        guard !faults.isEmpty else { return }
        throw SnapshotError(
            code: .incompatible,
            message: "the program can't go on from the snapshot: "
                + faults.map { "\($0.line); \($0.remedy)" }.joined(separator: ". "))
    }
}

extension SnapshotManifest {
    /// Whether a program with the given states, by step and name, can go on from the snapshot.
    public func check(against schemas: [String: [String: StateSchema]]) -> SnapshotCheck {
        SnapshotCheck(manifest: self, against: schemas)
    }
}
