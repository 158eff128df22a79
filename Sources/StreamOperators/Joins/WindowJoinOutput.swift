internal import StateBackend
internal import StreamCore

/// Disposes of the records of a window join for which its function throws.
///
/// A record that is disposed of gets the pane's time, as the results do: with its own it would be behind the watermark.
///
/// Invariant (the reason for `@unchecked Sendable`): made for one worker's operator and used on its thread only.
final class WindowJoinErrors<Left: Sendable, Right: Sendable>: @unchecked Sendable {
    let left: ErrorHandler<Left>
    let right: ErrorHandler<Right>

    init(_ policy: ErrorPolicy, _ context: OperatorContext) throws {
        left = try context.errors(policy, for: Left.self)
        right = try context.errors(policy, for: Right.self)
    }
}

/// Where the results of a window join's pane go.
struct WindowJoinOutput<Key: StreamKey, Left: Sendable, Right: Sendable, Output: Sendable> {
    let pane: PaneInfo<Key>
    let collector: Collector<Output>
    let errors: WindowJoinErrors<Left, Right>

    /// Emits the result of a left record, alone or with another.
    func emit(left: Left, _ result: () throws -> Output) throws {
        let made: Output
        do { made = try result() } catch {
            return try errors.left.dispose(left, at: pane.timestamp, error, from: nil)
        }
        try collector.emit(made, at: pane.timestamp)
    }

    /// Emits the result of a right record alone.
    func emit(right: Right, _ result: () throws -> Output) throws {
        let made: Output
        do { made = try result() } catch {
            return try errors.right.dispose(right, at: pane.timestamp, error, from: nil)
        }
        try collector.emit(made, at: pane.timestamp)
    }

    /// Emits the results of a whole group, for which its first record is disposed of.
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
