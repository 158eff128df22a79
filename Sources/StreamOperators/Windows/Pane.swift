public import StateBackend

/// When a pane is emitted, relative to the watermark's passing the window's end.
@frozen
public enum PaneKind: UInt8, Sendable, Equatable {
    /// Before: by a trigger that doesn't wait for the end.
    case early
    /// When the watermark passed the window's end.
    case onTime
    /// Later, because a late record came within the allowed lateness.
    case late
}

/// A result of a window for a key.
@frozen
public struct Pane<Key: StreamKey, Value: Sendable>: Sendable {
    /// When a pane is emitted.
    public typealias Kind = PaneKind

    /// The key.
    public var key: Key
    /// The window.
    public var window: TimeWindow
    /// The result over all records so far, or, of discarding panes, over those since the pane before.
    public var value: Value
    /// When it was emitted.
    public var kind: PaneKind
    /// How many panes of this key and window came before.
    public var revision: Int32

    /// A pane.
    @inlinable
    public init(key: Key, window: TimeWindow, value: Value, kind: PaneKind = .onTime, revision: Int32 = 0) {
        self.key = key
        self.window = window
        self.value = value
        self.kind = kind
        self.revision = revision
    }
}

extension Pane: Equatable where Value: Equatable {}
