public import StateBackend

/// The partial result of the records added, per key; shows the current key's.
///
/// A handle belongs to one worker.
@frozen
public struct AggregatingState<Key: StreamKey, Function: AggregateFunction> {
    @usableFromInline let function: Function
    @usableFromInline let accumulators: ValueState<Key, Function.Accumulator>

    @inlinable
    init(function: Function, accumulators: ValueState<Key, Function.Accumulator>) {
        self.function = function
        self.accumulators = accumulators
    }

    /// The result of the current key's records; nil when none were added.
    @inlinable public var value: Function.Output? { accumulators.value.map(function.result) }

    /// Adds a record to the current key's.
    @inlinable
    public func add(_ element: Function.Input) {
        var isFirst = false
        func start() -> Function.Accumulator {
            isFirst = true
            return function.start(element)
        }
        _ = accumulators.update(default: start()) { accumulator in
            if !isFirst { function.add(element, to: &accumulator) }
        }
    }

    /// Forgets the current key's records.
    @inlinable
    public func remove() { accumulators.value = nil }
}

extension KeyedStateStore {
    /// A state that folds the records added per key, as a window does.
    ///
    /// ```swift
    /// let spent = try state.aggregating("spent", Average { (event: Event) in event.price })
    /// ```
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - function: folds the records.
    ///   - timeToLive: how long a key's partial result lives. By default it doesn't expire.
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    @inlinable
    public func aggregating<Function: AggregateFunction>(
        _ name: String, _ function: Function, timeToLive: TimeToLive? = nil
    ) throws -> AggregatingState<Key, Function> {
        AggregatingState(
            function: function,
            accumulators: try value(
                name, codec: function.accumulatorCodec, timeToLive: timeToLive, kind: "aggregating"))
    }
}
