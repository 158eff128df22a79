public import Weir

/// Two ways of running the same steps that gave different output.
public struct HarnessDisagreement: Error, Sendable, CustomStringConvertible {
    /// The way that the output is compared with.
    public let reference: String
    /// The way that gave something else.
    public let way: String
    /// The number of the watermark before which the first difference lies.
    public let segment: Int
    /// The output there, as it should be.
    public let expected: String
    /// The output there, as it was.
    public let found: String

    /// Both, one below the other.
    public var description: String {
        "before watermark \(segment) '\(way)' gives\n  \(found)\nbut '\(reference)' gives\n  \(expected)"
    }
}

extension OperatorHarness where Output: Equatable {
    /// One way of running a script.
    private enum Way: String, CaseIterable {
        case recordByRecord = "one record per batch"
        case allAtOnce = "all in one batch"
        case heldUp = "with a full downstream"
        case restarted = "snapshot and restore after every step"
    }

    /// Plays a script in four ways that must make no difference, and returns the output.
    ///
    /// One record per batch; all in one batch; with a full downstream; with a snapshot after every step that is restored
    /// into a fresh instance. Records between two watermarks may come in any order, unless `key` says which belong
    /// together: those of a key must come in the same order.
    /// (After the test harness of Hazelcast Jet.)
    /// - Parameters:
    ///   - steps: the input of one split.
    ///   - time: the processing time, which stands still.
    ///   - key: the key of a record that goes out. By default order is not looked at.
    /// - Throws: ``HarnessDisagreement`` when two ways differ; ``PipelineError`` and ``JobError``.
    @discardableResult
    public func verify(
        _ steps: [ScriptStep<Input>], time: Timestamp = 0, inOrderOf key: ((Output) -> String)? = nil
    ) throws -> [OutputEvent<Output>] {
        let reference = try run(steps, .recordByRecord, time: time)
        let expected = Self.segments(reference)
        for way in Way.allCases.dropFirst() {
            let found = Self.segments(try run(steps, way, time: time))
            for index in 0..<Swift.max(expected.count, found.count) {
                let a = index < expected.count ? expected[index] : []
                let b = index < found.count ? found[index] : []
                guard !Self.isSame(a, b, key) else { continue }
                throw HarnessDisagreement(
                    reference: Way.recordByRecord.rawValue, way: way.rawValue, segment: index, expected: "\(a)",
                    found: "\(b)")
            }
        }
        return reference
    }

    private func run(_ steps: [ScriptStep<Input>], _ way: Way, time: Timestamp) throws -> [OutputEvent<Output>] {
        let log = OutputLog<Output>()
        let input = TestInput<Input>("script")
        let batchSize =
            switch way {
            case .recordByRecord: 1
            case .heldUp: 2
            case .allAtOnce, .restarted: 1_024
            }
        let test = try TestPipeline(batchSize: batchSize, time: time) { p in
            let output = try describe(p.input(input))
            (way == .heldUp ? output.holding("held up") : output).logged("log", in: log)
        }
        if way == .restarted {
            for step in steps {
                input.play([step])
                try test.settle()
                try test.restart()
            }
        } else {
            input.play(steps)
        }
        input.end()
        try test.settle()
        return log.events
    }

    /// The records with their times, cut at the watermarks, which end each piece.
    private static func segments(_ events: [OutputEvent<Output>]) -> [[OutputEvent<Output>]] {
        var segments: [[OutputEvent<Output>]] = []
        var segment: [OutputEvent<Output>] = []
        for event in events {
            switch event {
            case .record: segment.append(event)
            case .signal(.watermark):
                segments.append(segment + [event])
                segment = []
            case .signal: break
            }
        }
        return segment.isEmpty ? segments : segments + [segment]
    }

    /// Whether two pieces hold the same, in whatever order, or in the same order for each key.
    private static func isSame(
        _ a: [OutputEvent<Output>], _ b: [OutputEvent<Output>], _ key: ((Output) -> String)?
    ) -> Bool {
        guard a.count == b.count else { return false }
        if let key {
            let byKey = { (events: [OutputEvent<Output>]) in
                Dictionary(grouping: events) { $0.record.map(key) }
            }
            return byKey(a) == byKey(b)
        }
        var left = b
        for event in a {
            guard let index = left.firstIndex(of: event) else { return false }
            left.remove(at: index)
        }
        return true
    }
}
