internal import Weir
internal import Workloads

/// An auction and its seller.
struct LocalOffer: Sendable {
    var name: Int64
    var city: Int32
    var state: Int32
    var auction: Int64

    init(_ person: Person, _ auction: Int64) {
        name = person.name
        city = person.city
        state = person.state
        self.auction = auction
    }
}

/// Each auction with its seller, whichever comes first.
struct LocalSellers: ConnectedProcessor {
    typealias Key = Int64
    typealias Left = Person
    typealias Right = Auction
    typealias Output = LocalOffer

    let seller: ValueState<Int64, Person>
    let waiting: ListState<Int64, Int64>

    init(_ state: KeyedStateStore<Int64>) throws {
        seller = try state.value("seller")
        waiting = try state.list("waiting")
    }

    mutating func processLeft(_ person: Person, _ context: borrowing ProcessContext<Self>) throws {
        seller.value = person
        for auction in waiting.elements { try context.emit(LocalOffer(person, auction)) }
        waiting.removeAll()
    }

    mutating func processRight(_ auction: Auction, _ context: borrowing ProcessContext<Self>) throws {
        guard let seller = seller.value else { return waiting.append(auction.id) }
        try context.emit(LocalOffer(seller, auction.id))
    }
}
