internal import Workloads

/// The queries that look at one bid at a time.
enum BidLoops {
    /// Every bid.
    static func q0(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        run(parameters, meter) { bid, digest in digest.add(bid.auction, bid.bidder, bid.price, bid.ts) }
    }

    /// Every bid in another currency.
    static func q1(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        run(parameters, meter) { bid, digest in
            digest.add(bid.auction, bid.bidder, bid.price &* 908 / 1000, bid.ts)
        }
    }

    /// The bids for some auctions.
    static func q2(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        run(parameters, meter) { bid, digest in
            if bid.auction % 123 == 0 { digest.add(bid.auction, bid.price) }
        }
    }

    @inline(__always)
    private static func run(
        _ parameters: RunParameters, _ meter: Meter, _ add: (Bid, inout Digest) -> Void
    ) -> Digest {
        var digest = Digest()
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            let records = source.records
            for i in 0..<count {
                if case .bid(let bid) = records[i] { add(bid, &digest) }
            }
        }
        meter.finished()
        return digest
    }
}
