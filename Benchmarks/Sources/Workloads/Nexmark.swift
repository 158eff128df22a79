/// The stream of an auction site: of 50 events one person, three auctions and 46 bids.
///
/// Half of the bids go to one hot auction in a hundred, and three quarters come from one hot bidder in a hundred.
@frozen
public struct Nexmark: EventGenerator {
    /// Event `i` comes from the hash of `seed + i`.
    public static let seed: UInt64 = 43
    /// Events per person.
    @usableFromInline static let period: Int64 = 50
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
    public func event(_ index: Int64, base: Int64) -> NexmarkEvent {
        let epoch = index / Self.period
        return NexmarkEpoch(self, epoch).event(
            index &- epoch &* Self.period, mix(Self.seed &+ UInt64(bitPattern: index)), EventClock.origin &+ base)
    }

    /// Makes the events of a batch; see ``EventGenerator/fill(_:count:first:stride:clock:)``.
    ///
    /// What the bids of one epoch and one millisecond have in common is worked out once for them all.
    public func fill(
        _ out: UnsafeMutablePointer<NexmarkEvent>, count: Int, first: Int64, stride: Int64, clock: inout EventClock
    ) -> Int64 {
        var index = first
        var at = 0
        var base: Int64 = 0
        while at < count {
            base = clock.advance(to: index)
            let ts = EventClock.origin &+ base
            let epoch = NexmarkEpoch(self, index / Self.period)
            let offset = index &- epoch.number &* Self.period
            if offset < 4 {
                (out + at).initialize(to: epoch.event(offset, mix(Self.seed &+ UInt64(bitPattern: index)), ts))
                index &+= stride
                at &+= 1
                continue
            }
            let left = min(Self.period &- offset, clock.next &- index)
            let end = min(count, at &+ Int(stride == 1 ? left : (left &+ stride &- 1) / stride))
            while at < end {
                (out + at).initialize(to: .bid(epoch.bid(mix(Self.seed &+ UInt64(bitPattern: index)), ts)))
                index &+= stride
                at &+= 1
            }
        }
        return base
    }
}
