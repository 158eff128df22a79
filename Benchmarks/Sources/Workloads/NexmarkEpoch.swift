public import CBenchmark

/// What the events between one person and the next have in common.
@frozen
@usableFromInline
struct NexmarkEpoch {
    /// The number of the person that begins it.
    @usableFromInline let number: Int64
    /// The people that sell and bid, the next nine included.
    @usableFromInline let firstPerson: Int64
    @usableFromInline let people: UInt64
    /// The auctions that get bids, the next ten included.
    @usableFromInline let firstAuction: Int64
    @usableFromInline let auctions: UInt64
    @usableFromInline let hotSeller: Int64
    @usableFromInline let hotAuction: Int64
    @usableFromInline let hotBidder: Int64

    @inlinable
    @inline(__always)
    init(_ site: Nexmark, _ number: Int64) {
        self.number = number
        let active = min(number &+ 1, site.activePeople)
        firstPerson = Nexmark.firstID &+ number &+ 1 &- active
        people = UInt64(bitPattern: active &+ 10)
        let last = 3 &* number &+ 2
        let lowest = max(last &- site.openAuctions, 0)
        firstAuction = Nexmark.firstID &+ lowest
        auctions = UInt64(bitPattern: last &- lowest &+ 11)
        hotSeller = Nexmark.firstID &+ number / 100 &* 100
        hotAuction = Nexmark.firstID &+ last / 100 &* 100
        hotBidder = hotSeller &+ 1
    }

    /// The event at `offset` within the epoch, by its hash.
    @inlinable
    @inline(__always)
    func event(_ offset: Int64, _ hash: UInt64, _ ts: Int64) -> NexmarkEvent {
        if offset >= 4 { return .bid(bid(hash, ts)) }
        if offset > 0 { return .auction(auction(offset, hash, ts)) }
        return .person(
            Person(
                id: Nexmark.firstID &+ number, name: Int64(truncatingIfNeeded: hash &>> 32),
                city: Int32(truncatingIfNeeded: (((hash &>> 16) & 0xFFFF) &* 10) &>> 16),
                state: Int32(truncatingIfNeeded: ((hash & 0xFFFF) &* 6) &>> 16), ts: ts))
    }

    @inlinable
    @inline(__always)
    func auction(_ offset: Int64, _ hash: UInt64, _ ts: Int64) -> Auction {
        let other = mix(hash)
        return Auction(
            id: Nexmark.firstID &+ 3 &* number &+ offset &- 1,
            seller: other & 3 != 0 ? hotSeller : firstPerson &+ Self.scaled(hash & 0xFFFF_FFFF, people),
            category: Int32(truncatingIfNeeded: 10 &+ ((((other &>> 8) & 0xFFFF) &* 5) &>> 16)),
            expires: ts &+ 1000 &+ Self.scaled(hash &>> 32, 2000), ts: ts)
    }

    @inlinable
    @inline(__always)
    func bid(_ hash: UInt64, _ ts: Int64) -> Bid {
        let other = mix(hash)
        // Masks instead of branches: these bits are random, and the processor would guess wrong half of the time.
        let isHotAuction = Self.mask(other &>> 8)
        let auction = firstAuction &+ Self.scaled(hash & 0xFFFF_FFFF, auctions)
        let isHotBidder = Self.mask(other &>> 9 | other &>> 10)
        let bidder = firstPerson &+ Self.scaled(hash &>> 32, people)
        let price = bench_hundreds((((other &>> 11) & 0xFF) &* 6) &>> 8)
        let above = (((other &>> 19) & 0xFF_FFFF) &* (9 &* price)) &>> 24
        let jitter = ((other & 0xFF) &* UInt64(EventClock.jitter)) &>> 8
        return Bid(
            auction: auction ^ ((auction ^ hotAuction) & isHotAuction),
            bidder: bidder ^ ((bidder ^ hotBidder) & isHotBidder),
            price: Int64(truncatingIfNeeded: price &+ above), ts: ts &+ Int64(truncatingIfNeeded: jitter))
    }

    /// All ones if the lowest bit is one, else all zeros.
    @inlinable
    @inline(__always)
    static func mask(_ bits: UInt64) -> Int64 { 0 &- Int64(truncatingIfNeeded: bits & 1) }

    /// A 32-bit number scaled down to 0 ..< `count`.
    @inlinable
    @inline(__always)
    static func scaled(_ number: UInt64, _ count: UInt64) -> Int64 {
        Int64(truncatingIfNeeded: (number &* count) &>> 32)
    }
}
