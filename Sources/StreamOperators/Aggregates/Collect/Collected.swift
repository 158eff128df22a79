/// Values that were collected up to a limit.
@frozen
public struct Collected<Value: Sendable>: Sendable {
    /// The values that were kept.
    public var values: [Value]
    /// Whether that is all there were; false when the limit cut some off.
    public var isComplete: Bool

    /// The given values.
    @inlinable
    public init(_ values: [Value], isComplete: Bool) {
        self.values = values
        self.isComplete = isComplete
    }
}

extension Collected: Equatable where Value: Equatable {}
extension Collected: Encodable where Value: Encodable {}
extension Collected: Decodable where Value: Decodable {}
