/// The combination of the values added, per key; shows the current key's.
///
/// A handle belongs to one worker.
public final class ReducingState<Key: StreamKey, Value: Sendable> {
    @usableFromInline let values: ValueState<Key, Value>
    @usableFromInline let combine: @Sendable (Value, Value) -> Value

    @usableFromInline
    init(values: ValueState<Key, Value>, combine: @escaping @Sendable (Value, Value) -> Value) {
        self.values = values
        self.combine = combine
    }

    /// The current key's combination; nil when nothing was added.
    @inlinable public var value: Value? { values.value }

    /// Combines a value with the current key's, and returns the new combination.
    @inlinable
    @discardableResult
    public func add(_ value: Value) -> Value {
        var isFirst = false
        func start() -> Value {
            isFirst = true
            return value
        }
        let result = values.update(default: start()) { current in
            if !isFirst { current = combine(current, value) }
            return current
        }
        return result ?? value
    }

    /// Removes the current key's combination.
    @inlinable
    public func remove() { values.value = nil }
}
