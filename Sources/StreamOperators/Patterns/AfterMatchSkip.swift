/// Which partial matches are given up when a match is found.
///
/// With any but ``noSkip``, matches come out in the order of their first events: one that is complete waits for as long
/// as a partial match with an earlier first event could still become one.
public enum AfterMatchSkip: Sendable, Equatable {
    /// None: every match is found.
    case noSkip
    /// Those that begin with the match's first event, or before.
    case skipToNext
    /// Those that begin before the match's end, or with it: matches don't overlap.
    case skipPastLastEvent
    /// Those that begin before the match's first event of this stage; none when the match has no event of it.
    case skipToFirst(String)
    /// Those that begin before the match's last event of this stage; none when the match has no event of it.
    case skipToLast(String)

    /// The stage that is named, if one is.
    var stage: String? {
        switch self {
        case .noSkip, .skipToNext, .skipPastLastEvent: nil
        case .skipToFirst(let stage), .skipToLast(let stage): stage
        }
    }
}
