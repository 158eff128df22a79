/// Why a hand-written loop gave up.
public enum HandLoopError: Error, CustomStringConvertible {
    /// The system has no memory of this size to give.
    case outOfMemory(bytes: Int)
    /// A line that isn't an event in JSON.
    case malformedLine(index: Int64)
    /// A user too large to share 64 bits with an ad or a campaign.
    case userTooLarge(Int64)

    /// The message.
    public var description: String {
        switch self {
        case .outOfMemory(let bytes): "no memory for a table of \(bytes) bytes"
        case .malformedLine(let index): "event \(index) is not a line of JSON with the fields of an ad event"
        case .userTooLarge(let user): "user \(user) is beyond what the hand-written loop packs into a key"
        }
    }
}
