/// Checks of what windows and triggers are told.
@usableFromInline
enum WindowParameters {
    /// What is wrong with a length of time, with the remedy, or nil.
    @usableFromInline
    static func problem(length: Int64, _ what: String) -> String? {
        if length <= 0 { return "the \(what) is \(length) ms; it must be at least 1 ms" }
        if length > 1 << 60 { return "the \(what) is \(length) ms; it must be at most 2^60 ms" }
        return nil
    }

    /// What is wrong with a window's offset, with the remedy, or nil.
    @usableFromInline
    static func problem(offset: Int64, below limit: Int64, _ what: String) -> String? {
        guard offset.magnitude >= limit.magnitude else { return nil }
        return "the window's offset is \(offset) ms; it must be less than the \(what), \(limit) ms, either way"
    }
}
