public import StateBackend
public import StreamCore

/// A keyed stream cut into windows; aggregate, reduce or process it to get results.
public struct WindowedStream<Key: StreamKey, Windows: Windowing, Firing: Trigger>
where Firing.Element == Windows.Element {
    /// The records.
    public typealias Element = Windows.Element

    /// The keyed stream.
    public let keyed: KeyedStream<Key, Element>
    /// How records are assigned to windows.
    public let windowing: Windows
    @usableFromInline let trigger: Firing
    @usableFromInline let isDefaultTrigger: Bool
    @usableFromInline var settings: WindowSettings<Element>
    @usableFromInline var evictor: (any Evictor<Element>)?

    @inlinable
    init(
        keyed: KeyedStream<Key, Element>, windowing: Windows, trigger: Firing, isDefaultTrigger: Bool,
        settings: WindowSettings<Element>, evictor: (any Evictor<Element>)? = nil
    ) {
        self.keyed = keyed
        self.windowing = windowing
        self.trigger = trigger
        self.isDefaultTrigger = isDefaultTrigger
        self.settings = settings
        self.evictor = evictor
    }

    /// The same windows, emitted when `trigger` says so instead of when the watermark passes their end.
    @inlinable
    public func trigger<Other: Trigger>(_ trigger: Other) -> WindowedStream<Key, Windows, Other>
    where Other.Element == Element {
        WindowedStream<Key, Windows, Other>(
            keyed: keyed, windowing: windowing, trigger: trigger, isDefaultTrigger: false, settings: settings,
            evictor: evictor)
    }

    /// The same windows, with panes that carry only the records since the pane before.
    @inlinable
    public func discarding() -> Self {
        var stream = self
        stream.settings.accumulation = .discarding
        return stream
    }

    /// The same windows, without the records that `evictor` removes.
    ///
    /// A window then keeps all its records until it is dropped.
    @inlinable
    public func evict<Removal: Evictor>(_ evictor: Removal) -> Self where Removal.Element == Element {
        var stream = self
        stream.evictor = evictor
        return stream
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
        if let problem = aggregate.problem { keyed.builder.reject(name, problem) }
        if let evictor { return collectingAggregate(name, aggregate, evictor) }
        return attach(name) { _ in AggregatingWindowFunction<Key, Function>(aggregate) }
    }

    @usableFromInline
    func collectingAggregate<Function: AggregateFunction>(
        _ name: String, _ aggregate: Function, _ evictor: any Evictor<Element>
    ) -> DataStream<Pane<Key, Function.Output>> where Function.Input == Element {
        @Sendable func fold(_ elements: [TimedElement<Element>]) -> Function.Output? {
            guard let first = elements.first else { return nil }
            var sum = aggregate.start(first.element, at: first.timestamp)
            for next in elements.dropFirst() { aggregate.add(next.element, at: next.timestamp, to: &sum) }
            return aggregate.result(sum)
        }
        return attach(name) { context in
            try CollectingWindowFunction<Key, Element, Pane<Key, Function.Output>>(
                evictor: evictor, context: context,
                equals: { a, b in
                    guard let a = fold(a), let b = fold(b) else { return false }
                    return aggregate.isSame(a, b)
                },
                { elements, pane in
                    guard let value = fold(elements) else { return }
                    try pane.emit(
                        Pane(
                            key: pane.key, window: pane.window, value: value, kind: pane.pane.kind,
                            revision: pane.pane.revision))
                })
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

    /// Hands all records of each key and window to a function, when the window is emitted.
    ///
    /// The records come with their times, in the order of these; equal times in that of arrival. Prefer
    /// ``aggregate(_:_:)`` where it will do: it need not keep the records.
    /// ```swift
    /// .process("slowest") { visits, window in
    ///     if let slowest = visits.max(by: { $0.element.ms < $1.element.ms }) { try window.emit(slowest.element) }
    /// }
    /// ```
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - onError: what becomes of a window for which `body` throws. By default the job fails; else its first record
    ///     stands for it: counted once, in one dead letter whose reason names window and key and whose time is the
    ///     window's last millisecond. What `body` emitted before stays.
    ///   - body: the function, given the records and the window's context, through which it emits.
    public func process<Output: Sendable>(
        _ name: String, as type: Output.Type = Output.self, onError: ErrorPolicy = .fail,
        _ body: @escaping @Sendable ([TimedElement<Element>], borrowing WindowContext<Key, Output>) throws -> Void
    ) -> DataStream<Output> {
        let evictor = evictor
        return attach(name) { context in
            try CollectingWindowFunction<Key, Element, Output>(
                evictor: evictor, context: context, onError: onError, body)
        }
    }

    /// Attaches a function, by the shape's own operator where that will do.
    @inlinable
    func attach<Function: WindowFunction>(
        _ name: String, _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        check(name)
        // What an evictor removes is gone for later panes too, which shapes that share work between windows can't do.
        let isUsual = isDefaultTrigger && settings.accumulation == .accumulating && evictor == nil
        if isUsual || !windowing.takesTriggers {
            return windowing.attach(name, to: keyed, settings, function)
        }
        return windowing.attachGeneral(name, to: keyed, settings, trigger, function)
    }

    @usableFromInline
    func check(_ name: String) {
        if let problem = windowing.problem { keyed.builder.reject(name, problem) }
        if let problem = trigger.problem { keyed.builder.reject(name, problem) }
        if let problem = evictor?.problem { keyed.builder.reject(name, problem) }
        if settings.allowedLateness < 0 {
            keyed.builder.reject(name, "the allowed lateness is negative; it must be zero or more")
        }
        if !isDefaultTrigger && !windowing.takesTriggers {
            keyed.builder.reject(
                name, "\(Windows.self) takes no trigger; leave it out, or use another shape such as .global()")
        }
    }
}

extension KeyedStream {
    /// Cuts the stream into windows, per key.
    ///
    /// - Parameters:
    ///   - windowing: how records are assigned to windows, such as `.tumbling(.seconds(60))`.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - late: what becomes of later ones. By default they are dropped and counted.
    @inlinable
    public func window<Windows: Windowing>(
        _ windowing: Windows, allowedLateness: Duration = .zero, late: LateRecords<Element> = .drop
    ) -> WindowedStream<Key, Windows, EventTimeTrigger<Element>> where Windows.Element == Element {
        WindowedStream(
            keyed: self, windowing: windowing, trigger: EventTimeTrigger(), isDefaultTrigger: true,
            settings: WindowSettings(allowedLateness: allowedLateness.milliseconds, late: late))
    }
}

extension DataStream {
    /// Cuts the whole stream into windows, regardless of any key: all records meet on one worker, and the panes' key is
    /// always 0.
    ///
    /// - Parameters:
    ///   - windowing: how records are assigned to windows, such as `.tumbling(.seconds(60))`.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - late: what becomes of later ones. By default they are dropped and counted.
    @inlinable
    public func windowAll<Windows: Windowing>(
        _ windowing: Windows, allowedLateness: Duration = .zero, late: LateRecords<Element> = .drop
    ) -> WindowedStream<Int, Windows, EventTimeTrigger<Element>> where Windows.Element == Element {
        keyBy { _ in 0 }.window(windowing, allowedLateness: allowedLateness, late: late)
    }
}
