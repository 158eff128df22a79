/// As ``AdsUniform``, but with users drawn by Zipf's law, its ranks scattered over the users.
@frozen
public struct AdsZipf: EventGenerator {
    /// A prime above 2^32, so that no number of users shares a factor with it.
    @usableFromInline static let scatter: UInt64 = 4_294_967_311

    /// Events per second of event time.
    public let rate: Int64
    @usableFromInline let users: UInt64
    @usableFromInline let law: ZipfDistribution

    /// Creates the stream with `users` users, at most 2^32.
    public init(rate: Int64, users: Int64, exponent: Double) {
        self.rate = rate
        self.users = UInt64(users)
        law = ZipfDistribution(count: users, exponent: exponent)
    }

    /// Event `index`; `base` is `floor(index * 1000 / rate)`.
    @inlinable
    @inline(__always)
    public func event(_ index: Int64, base: Int64) -> Ad {
        let hash = mix(AdsUniform.seed &+ UInt64(bitPattern: index))
        return Ad.event(
            user: law.rank(mix(hash)) &* Self.scatter % users,
            ad: (((hash &>> 32) & 0xFFFF) &* UInt64(Ad.adCount)) &>> 16, hash: hash, base: base)
    }
}
