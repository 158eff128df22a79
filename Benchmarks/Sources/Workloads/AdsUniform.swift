/// The stream `ads-u`: users and ads drawn uniformly.
@frozen
public struct AdsUniform: EventGenerator {
    /// Event `i` comes from the hash of `seed + i`.
    public static let seed: UInt64 = 42

    /// Events per second of event time.
    public let rate: Int64
    @usableFromInline let users: UInt64

    /// Creates the stream with `users` users, at most 2^32.
    @inlinable
    public init(rate: Int64, users: Int64) {
        self.rate = rate
        self.users = UInt64(users)
    }

    /// Event `index`; `base` is `floor(index * 1000 / rate)`.
    @inlinable
    @inline(__always)
    public func event(_ index: Int64, base: Int64) -> Ad {
        let hash = mix(Self.seed &+ UInt64(bitPattern: index))
        return Ad.event(
            user: ((hash & 0xFFFF_FFFF) &* users) &>> 32,
            ad: (((hash &>> 32) & 0xFFFF) &* UInt64(Ad.adCount)) &>> 16, hash: hash, base: base)
    }
}
