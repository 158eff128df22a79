/// A record of either side of a window join: what the join's windows are assigned by.
///
/// Shapes by time alone don't look at it. A shape of your own that does is one over `WindowJoinRecord<Left, Right>`.
@frozen
public enum WindowJoinRecord<Left: Sendable, Right: Sendable>: Sendable {
    /// A record of the first stream.
    case left(Left)
    /// A record of the second stream.
    case right(Right)
}
