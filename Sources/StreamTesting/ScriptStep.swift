public import Weir

/// One step of a scripted split; see ``StreamTesting/Weir/PipelineBuilder/script(_:_:)``.
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

/// What a ``ScriptedSource`` gives: a record, or only a time that moves the watermark.
public struct ScriptedRecord<Element: Sendable>: Sendable {
    /// The record; nil for a mere watermark.
    public let element: Element?
    /// The time that the source is told.
    public let time: Timestamp
}

/// A source whose splits play lists of steps, so that a test decides where each watermark comes.
///
/// The trick is a bound of disorder so large that records move no watermark to speak of (they give one below
/// −2^59), while a watermark step is a record of the time that, less the bound, makes just that watermark.
public struct ScriptedSource<Element: Sendable>: Source {
    /// The bound of disorder, in milliseconds, that the source's watermark strategy must have.
    public static var bound: Int64 { 1 << 60 }
    /// The times that steps may have: this far from 1970, in milliseconds, either way.
    public static var timeLimit: Int64 { 1 << 59 }

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
            case .record(let element, let time):
                precondition(
                    time.magnitude <= ScriptedSource<Element>.timeLimit.magnitude, "a script's time is too far")
                output.emit(ScriptedRecord(element: element, time: time))
            case .watermark(let watermark):
                let time = watermark.advanced(byMilliseconds: ScriptedSource<Element>.bound + 1)
                output.emit(ScriptedRecord(element: nil, time: time))
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
        _ name: String, _ splits: [[ScriptStep<Element>]],
        idleness: WatermarkStrategy.Idleness = .whenCaughtUp
    ) -> DataStream<Element> {
        let bound = Duration.milliseconds(ScriptedSource<Element>.bound)
        return source(
            name, ScriptedSource(splits), time: { $0.time },
            watermarks: .boundedOutOfOrderness(bound, idleness: idleness)
        )
        .flatMap("\(name) records") { CollectionOfOne($0.element).compactMap { $0 } }
    }
}
