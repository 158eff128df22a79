/// The stream `ads-s`: users in visits of 5 s, `rate / 10` of them at any time, each on up to 8 ads.
@frozen
public struct AdsSessions: EventGenerator {
    /// How long a visitor keeps a slot, in ms of event time.
    @usableFromInline static let visit: Int64 = 5000
    @usableFromInline static let salt: UInt64 = 0xA5A5_A5A5_A5A5_A5A5

    /// Events per second of event time.
    public let rate: Int64
    @usableFromInline let users: UInt64
    @usableFromInline let slots: UInt64
    /// Events between two changes of one slot.
    @usableFromInline let period: Int64

    /// Creates the stream with `users` users, at most 2^32, and a rate of at least 10.
    @inlinable
    public init(rate: Int64, users: Int64) {
        self.rate = rate
        self.users = UInt64(users)
        slots = UInt64(rate / 10)
        period = 5 * rate
    }

    /// Event `index`; `base` is `floor(index * 1000 / rate)`.
    @inlinable
    @inline(__always)
    public func event(_ index: Int64, base: Int64) -> Ad {
        let hash = mix(AdsUniform.seed &+ UInt64(bitPattern: index))
        let slot = ((hash & 0xFFFF_FFFF) &* slots) &>> 32
        // (index + 50 * slot) / period without a division: 50 * slot is below the period, and every index of the
        // same millisecond has the same index / period.
        let round = base / Self.visit
        let past = index &- round &* period &+ 50 &* Int64(truncatingIfNeeded: slot) >= period
        let change = UInt64(bitPattern: round &+ (past ? 1 : 0))
        let visitor = mix((AdsUniform.seed ^ Self.salt) &+ change &* slots &+ slot)
        let ad = mix(visitor &+ ((hash &>> 32) & 7))
        return Ad.event(
            user: ((visitor & 0xFFFF_FFFF) &* users) &>> 32, ad: ((ad & 0xFFFF_FFFF) &* UInt64(Ad.adCount)) &>> 32,
            hash: hash, base: base)
    }
}
