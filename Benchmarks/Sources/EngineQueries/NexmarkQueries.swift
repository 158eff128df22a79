public import Weir
public import Workloads

/// The queries over the events of an auction site, as a user of the library writes them.
enum NexmarkQueries {
    /// Only bids come out of order, by at most 99 ms.
    private static let bound = WatermarkStrategy<NexmarkEvent>.boundedOutOfOrderness(.milliseconds(99))

    /// Runs a pipeline over the run's events and digests what comes out.
    @inline(__always)
    private static func run<Row: Sendable>(
        _ parameters: RunParameters, _ meter: Meter, windowEnd: (@Sendable (Row) -> Timestamp)? = nil,
        _ add: @escaping @Sendable (Row, inout Digest) -> Void,
        _ query: (DataStream<NexmarkEvent>) -> DataStream<Row>
    ) async throws -> Digest {
        if parameters.measuresLatency && windowEnd == nil { throw QueryError.noWindows }
        let sink = DigestSink<Row>(parameters, meter, windowEnd: windowEnd, add)
        let site = EventSource(Nexmark(rate: parameters.rate), parameters, meter)
        let pipeline = try Pipeline("benchmark") { p in
            query(p.source("site", site, watermarks: bound)).write("digest", to: sink)
        }
        try await pipeline.run(parameters)
        return sink.digest
    }

    /// As above, for results of windows.
    @inline(__always)
    private static func run<Key: StreamKey, Value: Sendable>(
        _ parameters: RunParameters, _ meter: Meter,
        _ add: @escaping @Sendable (Pane<Key, Value>, inout Digest) -> Void,
        _ query: (DataStream<NexmarkEvent>) -> DataStream<Pane<Key, Value>>
    ) async throws -> Digest {
        try await run(parameters, meter, windowEnd: { $0.window.end }, add, query)
    }

    private static func bids(_ events: DataStream<NexmarkEvent>) -> DataStream<Bid> {
        events.process("bids") { event, context in
            if case .bid(let bid) = event { try context.emit(bid) }
        }
    }

    static func q0(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter, { (bid, digest) in digest.add(bid.auction, bid.bidder, bid.price, bid.ts) }
        ) { bids($0) }
    }

    static func q1(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter, { (bid: Bid, digest) in digest.add(bid.auction, bid.bidder, bid.price, bid.ts) }
        ) { events in
            bids(events).map { bid in
                Bid(auction: bid.auction, bidder: bid.bidder, price: bid.price * 908 / 1000, ts: bid.ts)
            }
        }
    }

    static func q2(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(parameters, meter, { (bid: Bid, digest) in digest.add(bid.auction, bid.price) }) { events in
            bids(events).filter { $0.auction % 123 == 0 }
        }
    }

    static func q3(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (offer: LocalOffer, digest) in
                digest.add(offer.name, Int64(offer.city), Int64(offer.state), offer.auction)
            }
        ) { events in
            let auctions = SideOutput<Auction>("auctions")
            let people = events.process("people", as: Person.self) { event, context in
                switch event {
                case .person(let person):
                    if (1...3).contains(person.state) { try context.emit(person) }
                case .auction(let auction):
                    if auction.category == 10 { try context.emit(auction, to: auctions) }
                case .bid: break
                }
            }
            return people.keyBy(\.id).process("local offers", with: people.sideOutput(auctions).keyBy(\.seller)) {
                try LocalSellers($0)
            }
        }
    }

    static func q5(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (item: HotItem, digest) in digest.add(item.start, item.auction, Int64(item.bids)) }
        ) { events in
            bids(events).keyBy(\.auction)
                .window(.sliding(.seconds(10), every: .seconds(2)))
                .aggregate("bids per auction", .count())
                .map { HotItem(start: $0.window.start, auction: $0.key, bids: $0.value) }
                // The counts of a sliding window have its last millisecond as time: one such window in each of these.
                .windowAll(.tumbling(.seconds(2)))
                .aggregate("hottest", Leaders())
                .flatMap(\.value)
        }
    }

    static func q7(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (row: HighestBid, digest) in
                digest.add(row.start, row.bid.auction, row.bid.bidder, row.bid.price, row.bid.ts)
            }
        ) { events in
            // First in parts, so that all workers have some to do.
            bids(events).keyBy { $0.auction % 32 }
                .window(.tumbling(.seconds(10)))
                .aggregate("highest in part", Leaders())
                .flatMap(\.value)
                .windowAll(.tumbling(.seconds(10)))
                .aggregate("highest", Leaders())
                .flatMap { pane in pane.value.map { HighestBid(start: pane.window.start, bid: $0) } }
        }
    }

    static func q8(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (pane: Pane<Int64, JoinedAndSold.Both>, digest) in
                digest.add(pane.key, pane.value.name ?? -1, pane.window.start)
            }
        ) { events in
            let activities = events.process("activities", as: Activity.self) { event, context in
                switch event {
                case .person(let person): try context.emit(Activity(person: person.id, name: person.name))
                case .auction(let auction): try context.emit(Activity(person: auction.seller))
                case .bid: break
                }
            }
            return activities.keyBy(\.person)
                .window(.tumbling(.seconds(10)))
                .aggregate("joined and sold", JoinedAndSold())
                .filter { $0.value.name != nil && $0.value.sales > 0 }
        }
    }

    static func q11(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (pane: Pane<Int64, Int>, digest) in
                digest.add(pane.key, Int64(pane.value), pane.window.start, pane.window.end)
            }
        ) { events in
            bids(events).keyBy(\.bidder).window(.session(gap: .seconds(10))).aggregate("bids per session", .count())
        }
    }

    static func q15(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (pane: Pane<Int, BidStatistics.Totals>, digest) in
                var row = [pane.window.start]
                for numbers in [pane.value.bids, pane.value.bidders, pane.value.auctions] {
                    row += numbers.indices.map { numbers[$0] }
                }
                digest.add(row)
            }
        ) { events in
            // First by bidder and by auction, so that all workers have some to do.
            let bids = bids(events)
            let bidders = bids.keyBy(\.bidder)
                .window(.tumbling(.seconds(10)))
                .aggregate("bidders", BidsByRank())
                .map { Share(owner: .bidder, bids: $0.value) }
            let auctions = bids.keyBy(\.auction)
                .window(.tumbling(.seconds(10)))
                .aggregate("auctions", BidsByRank())
                .map { Share(owner: .auction, bids: $0.value) }
            return bidders.union("both", auctions)
                .windowAll(.tumbling(.seconds(10)))
                .aggregate("statistics", BidStatistics())
        }
    }

    static func q17(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (pane: Pane<Int64, PriceStatistics.Prices>, digest) in
                let prices = pane.value
                digest.add(
                    pane.key, pane.window.start, prices.bids, prices.low, prices.middle, prices.high, prices.lowest,
                    prices.highest, prices.sum / prices.bids, prices.sum)
            }
        ) { events in
            bids(events).keyBy(\.auction).window(.tumbling(.seconds(10))).aggregate("prices", PriceStatistics())
        }
    }

    static func q19(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            parameters, meter,
            { (change: BidChange, digest) in
                let offer = change.offer
                digest.add(change.auction, offer.bidder, offer.price, offer.ts, sign: change.sign)
            }
        ) { events in
            bids(events).keyBy(\.auction).process("best bids") { try TopBids(10, $0) }
        }
    }
}

extension NexmarkEvent: EventTimed {
    /// When it happened.
    public var eventTime: Timestamp { ts }
}

/// The bids for an auction in a window.
struct HotItem: Sendable {
    var start: Timestamp
    var auction: Int64
    var bids: Int
}

extension HotItem: Scored {
    var score: Int { bids }
}

extension Bid: Scored {
    var score: Int64 { price }
}

/// A bid with the highest price of a window.
struct HighestBid: Sendable {
    var start: Timestamp
    var bid: Bid
}
