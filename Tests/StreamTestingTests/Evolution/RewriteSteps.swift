import StreamTesting
import Weir

/// A purchase of a user, whose name is a number.
struct Purchase: Sendable, Codable {
    var user: Int
    var kind: Int
    var price: Int
}

/// The program before: keys are texts; a total, the prices and the last purchase of each user, and a timer.
struct OldAccount: KeyedProcessor {
    typealias Key = String
    typealias Input = Purchase
    typealias Output = String
    enum TimerID: Hashable, Codable, Sendable { case tell }

    let total: ValueState<String, Int>
    let prices: ListState<String, Int>
    let kinds: MapState<String, Int, Int>
    let last: ValueState<String, Purchase>

    init(_ state: KeyedStateStore<String>) throws {
        total = try state.value("total")
        prices = try state.list("prices")
        kinds = try state.map("kinds")
        last = try state.value("last")
    }

    mutating func process(_ purchase: Purchase, _ context: borrowing ProcessContext<Self>) throws {
        total.update(default: 0) { $0 += purchase.price }
        prices.append(purchase.price)
        kinds[purchase.kind] = (kinds[purchase.kind] ?? 0) + purchase.price
        last.value = purchase
        context.setTimer(.tell, at: 1_000)
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {}
}

/// The program after: keys are numbers; the total is a list, the prices are their sum, the kinds are text, and the last purchase
/// is in two states.
struct NewAccount: KeyedProcessor {
    typealias Key = Int
    typealias Input = Purchase
    typealias Output = String
    typealias TimerID = OldAccount.TimerID

    let totals: ListState<Int, Int>
    let prices: ReducingState<Int, Int>
    let kinds: OrderedMapState<Int, Int, String>
    let lastKind: ValueState<Int, Int>
    let lastPrice: MapState<Int, String, Int>

    init(_ state: KeyedStateStore<Int>) throws {
        totals = try state.list("totals")
        prices = try state.reducing("prices") { $0 + $1 }
        kinds = try state.orderedMap("kinds")
        lastKind = try state.value("last kind")
        lastPrice = try state.map("last price")
    }

    mutating func process(_ purchase: Purchase, _ context: borrowing ProcessContext<Self>) throws {
        let total = (totals.elements.last ?? 0) + purchase.price
        totals.append(total)
        prices.add(purchase.price)
        kinds[purchase.kind] = "\((kinds[purchase.kind].flatMap { Int($0) } ?? 0) + purchase.price)"
        lastKind.value = purchase.kind
        lastPrice["price"] = purchase.price
        context.setTimer(.tell, at: 1_000)
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
        var byKind: [String] = []
        kinds.forEach { kind, sum in byKind.append("\(kind)=\(sum)") }
        try context.emit(
            "\(context.key): \(totals.elements.last ?? 0) \(prices.value ?? 0) \(byKind) \(lastKind.value ?? -1) "
                + "\(lastPrice["price"] ?? -1)")
    }
}
