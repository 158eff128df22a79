internal import Synchronization

/// What a job has counted, while it runs or at its end.
public struct JobStatus: Sendable, Equatable {
    /// What one step has counted, over all workers.
    public struct Step: Sendable, Equatable {
        /// The step's name.
        public let name: String
        /// Records that came in; for a source, what its reader gave.
        public let recordsIn: Int
        /// Records that went out on the main output.
        public let recordsOut: Int
        /// Late records, those in a side output and those dropped.
        public let late: Int
        /// Records that could not be decoded or processed and became dead letters.
        public let rejected: Int
        /// The lowest watermark over the workers; `Timestamp.min` before there is one.
        public let watermark: Timestamp
        /// The newest event time seen; `Timestamp.min` before there is one.
        public let newest: Timestamp
    }

    /// The steps, in the order of description.
    public let steps: [Step]

    /// The step of the given name, or nil.
    public subscript(_ name: String) -> Step? { steps.first { $0.name == name } }

    init(names: [String], counters: [[StepCounters]]) {
        steps = names.enumerated().map { index, name in
            let parts = counters.map { $0[index] }
            return Step(
                name: name,
                recordsIn: parts.reduce(0) { $0 + $1.recordsIn.load(ordering: .relaxed) },
                recordsOut: parts.reduce(0) { $0 + $1.recordsOut.load(ordering: .relaxed) },
                late: parts.reduce(0) { $0 + $1.late.load(ordering: .relaxed) },
                rejected: parts.reduce(0) { $0 + $1.rejected.load(ordering: .relaxed) },
                watermark: parts.map { $0.watermark.load(ordering: .relaxed) }.min() ?? .min,
                newest: parts.map { $0.newest.load(ordering: .relaxed) }.max() ?? .min)
        }
    }
}
