public import StateBackend
public import StreamCore

/// Disposes of the records of a window join for which its function throws.
///
/// A record that is disposed of gets the pane's time, as the results do: with its own it would be behind the watermark.
///
/// Invariant (the reason for `@unchecked Sendable`): made for one worker's operator and used on its thread only.
@usableFromInline
final class WindowJoinErrors<Left: Sendable, Right: Sendable>: @unchecked Sendable {
    @usableFromInline let left: ErrorHandler<Left>
    @usableFromInline let right: ErrorHandler<Right>

    @inlinable
    init(_ policy: ErrorPolicy, _ context: OperatorContext) throws {
        left = try context.errors(policy, for: Left.self)
        right = try context.errors(policy, for: Right.self)
    }
}

/// Where the results of a window join's pane go.
@usableFromInline
struct WindowJoinOutput<Key: StreamKey, Left: Sendable, Right: Sendable, Output: Sendable> {
    @usableFromInline let pane: PaneInfo<Key>
    @usableFromInline let collector: Collector<Output>
    @usableFromInline let errors: WindowJoinErrors<Left, Right>

    @inlinable
    init(pane: PaneInfo<Key>, collector: Collector<Output>, errors: WindowJoinErrors<Left, Right>) {
        self.pane = pane
        self.collector = collector
        self.errors = errors
    }

    /// Emits the result of a left record, alone or with another.
    @inlinable
    func emit(left: Left, _ result: () throws -> Output) throws {
        let made: Output
        do { made = try result() } catch {
            return try errors.left.dispose(left, at: pane.timestamp, error, from: nil)
        }
        try collector.emit(made, at: pane.timestamp)
    }

    /// Emits the result of a right record alone.
    @inlinable
    func emit(right: Right, _ result: () throws -> Output) throws {
        let made: Output
        do { made = try result() } catch {
            return try errors.right.dispose(right, at: pane.timestamp, error, from: nil)
        }
        try collector.emit(made, at: pane.timestamp)
    }

    /// Emits the results of a whole group, for which its first record is disposed of.
    @inlinable
    func emit(_ group: CoGroup<Left, Right>, _ results: () throws -> [Output]) throws {
        let made: [Output]
        do { made = try results() } catch {
            if let left = group.lefts.first {
                try errors.left.dispose(left.element, at: pane.timestamp, error, from: nil, in: pane.text)
            } else if let right = group.rights.first {
                try errors.right.dispose(right.element, at: pane.timestamp, error, from: nil, in: pane.text)
            }
            return
        }
        for result in made { try collector.emit(result, at: pane.timestamp) }
    }
}
