/// A list per key; shows the current key's.
///
/// A handle belongs to one worker.
public final class ListState<Key: StreamKey, Element: Sendable> {
    @usableFromInline let lists: ValueState<Key, [Element]>

    @usableFromInline
    init(lists: ValueState<Key, [Element]>) { self.lists = lists }

    /// The current key's elements, in the order in which they were added; set to an empty array to remove them.
    @inlinable
    public var elements: [Element] {
        get { lists.value ?? [] }
        set { lists.value = newValue.isEmpty ? nil : newValue }
    }

    /// The number of the current key's elements.
    @inlinable public var count: Int { lists.value?.count ?? 0 }

    /// Adds an element to the current key's list.
    @inlinable
    public func append(_ element: Element) { _ = lists.update(default: []) { $0.append(element) } }

    /// Removes the current key's elements.
    @inlinable
    public func removeAll() { lists.value = nil }
}
