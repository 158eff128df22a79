public import StateBackend

/// A result of a window for a key.
@frozen
public struct Pane<Key: StreamKey, Value: Sendable>: Sendable {
    /// When a pane was emitted, relative to the watermark's passing the window's end.
    @frozen
    public enum Kind: Sendable, Equatable {
        /// When the watermark passed the window's end.
        case onTime
        /// Later, because a late record came within the allowed lateness.
        case late
    }

    /// The key.
    public var key: Key
    /// The window.
    public var window: TimeWindow
    /// The result over all records so far.
    public var value: Value
    /// When it was emitted.
    public var kind: Kind
    /// How many panes of this key and window came before.
    public var revision: Int32

    /// A pane.
    @inlinable
    public init(key: Key, window: TimeWindow, value: Value, kind: Kind = .onTime, revision: Int32 = 0) {
        self.key = key
        self.window = window
        self.value = value
        self.kind = kind
        self.revision = revision
    }
}

extension Pane: Equatable where Value: Equatable {}
