internal import StreamCore

/// How records are assigned to windows.
public struct Windowing: Sendable, Equatable {
    @usableFromInline
    enum Shape: Sendable, Equatable {
        case tumbling(size: Int64, offset: Int64)
        case sliding(size: Int64, step: Int64, offset: Int64)
        case session(gap: Int64)
        case global
    }

    @usableFromInline let shape: Shape

    /// Windows of `size`, one after the other; one begins at `offset` from 1970-01-01 UTC.
    public static func tumbling(_ size: Duration, offset: Duration = .zero) -> Windowing {
        Windowing(shape: .tumbling(size: size.milliseconds, offset: offset.milliseconds))
    }

    /// Windows of `size`, one beginning every `step`; a record is in each that contains its time.
    ///
    /// A step longer than the size leaves gaps, whose records are in no window.
    public static func sliding(_ size: Duration, every step: Duration, offset: Duration = .zero) -> Windowing {
        Windowing(
            shape: .sliding(size: size.milliseconds, step: step.milliseconds, offset: offset.milliseconds))
    }

    /// Windows of activity: records of a key less than `gap` apart are in the same one.
    ///
    /// A session lasts from its first record to `gap` after its last one. A record exactly `gap` after another one
    /// begins a new session.
    public static func session(gap: Duration) -> Windowing { Windowing(shape: .session(gap: gap.milliseconds)) }

    /// One window per key that holds everything; its result comes when the input ends.
    public static let global = Windowing(shape: .global)

    /// What is wrong with the parameters, or nil.
    var problem: String? {
        switch shape {
        case .tumbling(let size, let offset):
            return Self.problem(length: size, "window's size") ?? Self.problem(offset: offset, below: size, "size")
        case .sliding(let size, let step, let offset):
            return Self.problem(length: size, "window's size") ?? Self.problem(length: step, "window's step")
                ?? Self.problem(offset: offset, below: step, "step")
        case .session(let gap):
            return Self.problem(length: gap, "session gap")
        case .global: return nil
        }
    }

    private static func problem(length: Int64, _ what: String) -> String? {
        if length <= 0 { return "the \(what) is \(length) ms; it must be at least 1 ms" }
        if length > 1 << 60 { return "the \(what) is \(length) ms; it must be at most 2^60 ms" }
        return nil
    }

    private static func problem(offset: Int64, below limit: Int64, _ what: String) -> String? {
        guard offset.magnitude >= limit.magnitude else { return nil }
        return "the window's offset is \(offset) ms; it must be less than the \(what), \(limit) ms, either way"
    }
}
