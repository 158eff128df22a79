/// The stream of an auction site: of 50 events one person, three auctions and 46 bids.
///
/// Half of the bids go to one hot auction in a hundred, and three quarters come from one hot bidder in a hundred.
@frozen
public struct Nexmark: EventGenerator {
    /// Event `i` comes from the hash of `seed + i`.
    public static let seed: UInt64 = 43
    /// Events per person, and those of them that are not bids.
    @usableFromInline static let period: UInt64 = 50
    /// The ids of people and of auctions count from here.
    @usableFromInline static let firstID: Int64 = 1000

    /// Events per second of event time.
    public let rate: Int64
    /// The people that sell and bid: the newest, about 5 s of them.
    @usableFromInline let activePeople: Int64
    /// The auctions that get bids: the newest, about 2 s of them.
    @usableFromInline let openAuctions: Int64

    /// Creates the stream.
    @inlinable
    public init(rate: Int64) {
        self.rate = rate
        activePeople = max(1000, rate / 10)
        openAuctions = max(100, 3 * rate / 25)
    }

    /// Event `index`; `base` is `floor(index * 1000 / rate)`.
    @inlinable
    @inline(__always)
    public func event(_ index: Int64, base: Int64) -> NexmarkEvent {
        let number = UInt64(bitPattern: index)
        let epoch = Int64(truncatingIfNeeded: number / Self.period)
        let offset = Int64(truncatingIfNeeded: number % Self.period)
        let hash = mix(Self.seed &+ number)
        let ts = EventClock.origin &+ base
        if offset >= 4 { return .bid(bid(epoch, hash, ts)) }
        if offset > 0 { return .auction(auction(epoch, offset, hash, ts)) }
        return .person(
            Person(
                id: Self.firstID &+ epoch, name: Int64(truncatingIfNeeded: hash &>> 32),
                city: Int32(truncatingIfNeeded: (((hash &>> 16) & 0xFFFF) &* 10) &>> 16),
                state: Int32(truncatingIfNeeded: ((hash & 0xFFFF) &* 6) &>> 16), ts: ts))
    }

    @inlinable
    @inline(__always)
    func auction(_ epoch: Int64, _ offset: Int64, _ hash: UInt64, _ ts: Int64) -> Auction {
        let other = mix(hash)
        let seller = other & 3 != 0 ? epoch / 100 &* 100 : person(hash & 0xFFFF_FFFF, epoch)
        return Auction(
            id: Self.firstID &+ 3 &* epoch &+ offset &- 1, seller: Self.firstID &+ seller,
            category: Int32(truncatingIfNeeded: 10 &+ ((((other &>> 8) & 0xFFFF) &* 5) &>> 16)),
            expires: ts &+ 1000 &+ Self.scaled(hash &>> 32, 2000), ts: ts)
    }

    @inlinable
    @inline(__always)
    func bid(_ epoch: Int64, _ hash: UInt64, _ ts: Int64) -> Bid {
        let other = mix(hash)
        let last = 3 &* epoch &+ 2
        let lowest = max(last &- openAuctions, 0)
        // Masks instead of branches: these bits are random, and the processor would guess wrong half of the time.
        let hotAuction = Self.mask(other &>> 8)
        let auction =
            (last / 100 &* 100) & hotAuction
            | (lowest &+ Self.scaled(hash & 0xFFFF_FFFF, last &- lowest &+ 11)) & ~hotAuction
        let hotBidder = Self.mask(other &>> 9) | Self.mask(other &>> 10)
        let bidder = (epoch / 100 &* 100 &+ 1) & hotBidder | person(hash &>> 32, epoch) & ~hotBidder
        let decade = (((other &>> 11) & 0xFF) &* 6) &>> 8
        // 10 to the power of the decade, by the bits of the exponent.
        let price = 100 &* (1 &+ 9 &* (decade & 1)) &* (1 &+ 99 &* (decade &>> 1 & 1)) &* (1 &+ 9999 &* (decade &>> 2))
        let above = (((other &>> 19) & 0xFF_FFFF) &* (9 &* price)) &>> 24
        let jitter = ((other & 0xFF) &* UInt64(EventClock.jitter)) &>> 8
        return Bid(
            auction: Self.firstID &+ auction, bidder: Self.firstID &+ bidder,
            price: Int64(truncatingIfNeeded: price &+ above), ts: ts &+ Int64(truncatingIfNeeded: jitter))
    }

    /// One of the active people, or of the next nine to join, by a 32-bit number.
    @inlinable
    @inline(__always)
    func person(_ number: UInt64, _ epoch: Int64) -> Int64 {
        let active = min(epoch &+ 1, activePeople)
        return epoch &+ 1 &- active &+ Self.scaled(number, active &+ 10)
    }

    /// All ones if the lowest bit is one, else all zeros.
    @inlinable
    @inline(__always)
    static func mask(_ bits: UInt64) -> Int64 { 0 &- Int64(truncatingIfNeeded: bits & 1) }

    /// A 32-bit number scaled down to 0 ..< `count`.
    @inlinable
    @inline(__always)
    static func scaled(_ number: UInt64, _ count: Int64) -> Int64 {
        Int64(truncatingIfNeeded: (number &* UInt64(bitPattern: count)) &>> 32)
    }
}
