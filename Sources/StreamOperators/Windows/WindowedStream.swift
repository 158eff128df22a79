public import StateBackend
public import StreamCore

/// What becomes of records that are late for every window they belong to.
public enum LateRecords<Element: Sendable>: Sendable {
    /// They are dropped and counted in the step's `late`.
    case drop
    /// They go to this side output of the step, and are counted.
    case sideOutput(SideOutput<Element>)
}

/// A keyed stream cut into windows; aggregate it to get results.
public struct WindowedStream<Key: StreamKey, Element: Sendable> {
    /// The keyed stream.
    public let keyed: KeyedStream<Key, Element>
    @usableFromInline let windowing: Windowing
    @usableFromInline let allowedLateness: Int64
    @usableFromInline let late: LateRecords<Element>

    @inlinable
    init(keyed: KeyedStream<Key, Element>, windowing: Windowing, allowedLateness: Int64, late: LateRecords<Element>) {
        self.keyed = keyed
        self.windowing = windowing
        self.allowedLateness = allowedLateness
        self.late = late
    }

    /// Folds the records of each key and window into one result.
    ///
    /// A result comes when the watermark passes the window's end, and again, with a higher revision, for each late
    /// record within the allowed lateness. Its timestamp is the window's last millisecond. Empty windows give none.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - aggregate: the aggregate, such as `.count()` or one of your own.
    @inlinable
    public func aggregate<Function: AggregateFunction>(
        _ name: String, _ aggregate: Function
    ) -> DataStream<Pane<Key, Function.Output>> where Function.Input == Element {
        check(name)
        let lateness = allowedLateness
        let late = late
        switch windowing.shape {
        case .tumbling(let size, let offset):
            return keyed.transform(name, needsEventTime: true) { context in
                TumblingWindowOperator<Key, Element, Function>(
                    aggregate, size: size, offset: offset,
                    lateness: try LatenessPolicy(allowed: lateness, late: late, context: context), context: context)
            }
        case .sliding(let size, let step, let offset):
            return keyed.transform(name, needsEventTime: true) { context in
                SlidingWindowOperator<Key, Element, Function>(
                    aggregate, size: size, step: step, offset: offset,
                    lateness: try LatenessPolicy(allowed: lateness, late: late, context: context))
            }
        case .session(let gap):
            return keyed.transform(name, needsEventTime: true) { context in
                SessionWindowOperator<Key, Element, Function>(
                    aggregate, gap: gap, lateness: try LatenessPolicy(allowed: lateness, late: late, context: context))
            }
        case .global:
            return keyed.transform(name) { context in
                TumblingWindowOperator<Key, Element, Function>(
                    aggregate, size: nil, offset: 0,
                    lateness: try LatenessPolicy(allowed: 0, late: late, context: context), context: context)
            }
        }
    }

    /// Combines the records of each key and window pairwise into one of their own type.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - combine: an associative and commutative function.
    @inlinable
    public func reduce(
        _ name: String, _ combine: @escaping @Sendable (Element, Element) -> Element
    ) -> DataStream<Pane<Key, Element>> { aggregate(name, Reduction(combine)) }

    @usableFromInline
    func check(_ name: String) {
        if let problem = windowing.problem { keyed.builder.reject(name, problem) }
        if allowedLateness < 0 {
            keyed.builder.reject(name, "the allowed lateness is negative; it must be zero or more")
        }
    }
}

extension KeyedStream {
    /// Cuts the stream into windows, per key.
    ///
    /// - Parameters:
    ///   - windowing: how records are assigned to windows.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - late: what becomes of later ones. By default they are dropped and counted.
    @inlinable
    public func window(
        _ windowing: Windowing, allowedLateness: Duration = .zero, late: LateRecords<Element> = .drop
    ) -> WindowedStream<Key, Element> {
        WindowedStream(
            keyed: self, windowing: windowing, allowedLateness: allowedLateness.milliseconds, late: late)
    }
}
