internal import Workloads

extension NexmarkEvent {
    /// The auction of a bid; 0 for other events.
    @inline(__always)
    var bidAuction: Int64 { if case .bid(let bid) = self { bid.auction } else { 0 } }

    /// The one who joins or sells; 0 for a bid.
    @inline(__always)
    var person: Int64 {
        switch self {
        case .person(let person): person.id
        case .auction(let auction): auction.seller
        case .bid: 0
        }
    }
}
