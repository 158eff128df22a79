import Testing
import Workloads

/// The test vectors of the workloads' definition.
struct NexmarkTests {
    struct Vector: Sendable {
        let rate: Int64
        let index: Int64
        let event: NexmarkEvent

        init(_ rate: Int64, _ index: Int64, _ event: NexmarkEvent) {
            self.rate = rate
            self.index = index
            self.event = event
        }
    }

    private static func person(
        _ id: Int64, _ name: Int64, _ city: Int32, _ state: Int32, _ ts: Int64
    ) -> NexmarkEvent { .person(Person(id: id, name: name, city: city, state: state, ts: ts)) }

    private static func auction(
        _ id: Int64, _ seller: Int64, _ category: Int32, _ expires: Int64, _ ts: Int64
    ) -> NexmarkEvent { .auction(Auction(id: id, seller: seller, category: category, expires: expires, ts: ts)) }

    private static func bid(_ auction: Int64, _ bidder: Int64, _ price: Int64, _ ts: Int64) -> NexmarkEvent {
        .bid(Bid(auction: auction, bidder: bidder, price: price, ts: ts))
    }

    static let vectors = [
        Vector(10_000, 0, person(1000, 3_127_504_016, 9, 5, 1_700_000_000_000)),
        Vector(10_000, 1, auction(1000, 1000, 11, 1_700_000_002_963, 1_700_000_000_000)),
        Vector(10_000, 4, bid(1004, 1001, 618_943, 1_700_000_000_000)),
        Vector(10_000, 49, bid(1011, 1001, 3682, 1_700_000_000_077)),
        Vector(10_000, 12_350, person(1247, 3_490_519_960, 5, 0, 1_700_000_001_235)),
        Vector(10_000, 12_353, auction(1743, 1200, 10, 1_700_000_002_913, 1_700_000_001_235)),
        Vector(10_000, 12_399, bid(1700, 1129, 530, 1_700_000_001_334)),
        Vector(10_000, 999_999, bid(59_890, 20_901, 6204, 1_700_000_100_081)),
        Vector(1_000_000, 0, person(1000, 3_127_504_016, 9, 5, 1_700_000_000_000)),
        Vector(1_000_000, 1, auction(1000, 1000, 11, 1_700_000_002_963, 1_700_000_000_000)),
        Vector(1_000_000, 4, bid(1004, 1001, 618_943, 1_700_000_000_000)),
        Vector(1_000_000, 49, bid(1011, 1001, 3682, 1_700_000_000_073)),
        Vector(1_000_000, 12_350, person(1247, 3_490_519_960, 5, 0, 1_700_000_000_012)),
        Vector(1_000_000, 12_353, auction(1743, 1200, 10, 1_700_000_001_690, 1_700_000_000_012)),
        Vector(1_000_000, 12_399, bid(1700, 1129, 530, 1_700_000_000_107)),
        Vector(1_000_000, 999_999, bid(5512, 20_901, 6204, 1_700_000_001_081)),
    ]

    @Test(arguments: vectors)
    func event(_ vector: Vector) {
        let event = Nexmark(rate: vector.rate).event(vector.index)
        #expect(event == vector.event)
        let ts =
            switch vector.event {
            case .person(let person): person.ts
            case .auction(let auction): auction.ts
            case .bid(let bid): bid.ts
            }
        #expect(event.ts == ts)
    }

    /// Batches of any stride hold the same events as one call per event.
    @Test(arguments: [10, 999, 1000, 10_000, 1_000_000] as [Int64], [1, 2, 3, 49, 100_003] as [Int64])
    func fill(rate: Int64, stride: Int64) {
        let generator = Nexmark(rate: rate)
        let count = 3000
        let first = 5 * rate - 7
        let out = UnsafeMutablePointer<NexmarkEvent>.allocate(capacity: count)
        defer { out.deallocate() }
        var clock = EventClock(rate: rate, first: first)
        let base = generator.fill(out, count: count, first: first, stride: stride, clock: &clock)
        #expect(base == (first + Int64(count - 1) * stride) * 1000 / rate)
        let differing = (0..<count).first { out[$0] != generator.event(first + Int64($0) * stride) }
        #expect(differing == nil)
    }

    /// A kind's part of 50 events, and how large an event is: batches of them are moved about.
    @Test func shape() {
        let generator = Nexmark(rate: 10_000)
        let kinds = (0..<50 as Range<Int64>).map { index in
            switch generator.event(index) {
            case .person: 0
            case .auction: 1
            case .bid: 2
            }
        }
        #expect(kinds == [0, 1, 1, 1] + Array(repeating: 2, count: 46))
        #expect(MemoryLayout<NexmarkEvent>.stride == 40)
    }

    @Test(
        arguments: [(100, 0), (9999, 0), (10_000, 1), (999_999, 1), (1_000_000, 2), (100_000_000, 2)] as [(Int64, Int)])
    func ranks(price: Int64, rank: Int) {
        #expect(Bid(auction: 1, bidder: 1, price: price, ts: 0).rank == rank)
    }
}
