public import Weir

/// One step of a scripted split; see ``StreamTesting/Weir/PipelineBuilder/script(_:_:)`` and ``TestInput``.
public enum ScriptStep<Element: Sendable>: Sendable {
    /// The split gives a record of this event time. It moves no watermark.
    case record(Element, at: Timestamp)
    /// The split's watermark rises to this time: what was scripted before it comes before, the rest after.
    case watermark(Timestamp)
    /// The batch ends here, though there was room in it.
    case batchEnd
    /// The split is read to its end for now: unless its strategy says otherwise it is idle until its next step.
    case caughtUp
}

extension ScriptStep: Equatable where Element: Equatable {}

/// What a ``ScriptedSource`` gives: a record, or only a watermark.
public struct ScriptedRecord<Element: Sendable>: Sendable {
    /// The record; nil for a mere watermark.
    public let element: Element?
    /// The record's event time, or the watermark.
    public let time: Timestamp

    /// A record, or a mere watermark.
    public init(element: Element?, time: Timestamp) {
        self.element = element
        self.time = time
    }
}

extension ScriptedRecord: Equatable where Element: Equatable {}
extension ScriptedRecord: Hashable where Element: Hashable {}

extension WatermarkStrategy {
    /// The watermarks that a script says.
    static func scripted<Record>(idleness: Idleness) -> WatermarkStrategy
    where Element == ScriptedRecord<Record> {
        .punctuated(idleness: idleness) { record, time in record.element == nil ? time : nil }
    }
}

/// A source whose splits play lists of steps, so that a test decides where each watermark comes.
public struct ScriptedSource<Element: Sendable>: Source {
    let scripts: [[ScriptStep<Element>]]

    /// A split for each of `scripts`.
    public init(_ scripts: [[ScriptStep<Element>]]) { self.scripts = scripts }

    /// The scripts.
    public func splits(parallelism: Int) -> [[ScriptStep<Element>]] { scripts }

    /// A reader of a script.
    public func makeReader(for split: [ScriptStep<Element>]) -> ScriptReader<Element> { ScriptReader(split) }
}

/// Plays a script.
public struct ScriptReader<Element: Sendable>: SplitReader {
    private let steps: [ScriptStep<Element>]
    private var next = 0

    init(_ steps: [ScriptStep<Element>]) { self.steps = steps }

    /// Plays until the output is full, a batch or a pause is to end, or the script has ended.
    public mutating func read(into output: SourceOutput<ScriptedRecord<Element>>) -> ReadStatus {
        while next < steps.count && !output.isFull {
            let step = steps[next]
            next += 1
            switch step {
            case .record(let element, let time): output.emit(ScriptedRecord(element: element, time: time))
            case .watermark(let watermark):
                output.emit(ScriptedRecord(element: nil, time: watermark))
                return .more
            case .batchEnd: return .more
            case .caughtUp: return .caughtUp
            }
        }
        return next == steps.count ? .end : .more
    }
}

extension PipelineBuilder {
    /// Begins a stream whose records and watermarks are just those scripted, a split per list.
    ///
    /// ```swift
    /// p.script("clicks", [[.record(a, at: 5), .record(b, at: 3), .watermark(9), .record(c, at: 4)]])
    /// ```
    public func script<Element: Sendable>(
        _ name: String, _ splits: [[ScriptStep<Element>]], idleness: Idleness = .whenCaughtUp
    ) -> DataStream<Element> {
        source(name, ScriptedSource(splits), time: { $0.time }, watermarks: .scripted(idleness: idleness))
            .flatMap("\(name) records") { CollectionOfOne($0.element).compactMap { $0 } }
    }
}
