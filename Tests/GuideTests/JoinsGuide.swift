import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The code of Docs/guides/joins.md.
@Suite struct JoinsGuide {
    // snippet: records
    struct Click: EventTimed, Codable {
        var user = "", campaign = ""
        var eventTime: Timestamp = 0
    }

    struct Order: EventTimed, Codable {
        var user = "", item = ""
        var price = 0.0
        var eventTime: Timestamp = 0
    }

    struct Price: EventTimed, Codable {
        var item = ""
        var amount = 0.0, isGone = false
        var eventTime: Timestamp = 0
    }

    struct Campaign: Codable {
        var id = "", name = ""
    }

    struct Joined: Codable, Equatable {
        var user = "", campaign = "", item = ""
        var amount: Double?
    }
    // end snippet

    // snippet: interval
    func attribution(_ clicks: DataStream<Click>, _ orders: DataStream<Order>) -> DataStream<Joined> {
        let late = SideOutput<Order>("late orders")
        let joined = clicks.keyBy(\.user).leftJoin(
            "click to order", orders.keyBy(\.user), within: .after(upTo: .seconds(1_800)), lateRight: .sideOutput(late)
        ) { click, order in
            Joined(user: click.user, campaign: click.campaign, item: order?.item ?? "", amount: order?.price)
        }
        joined.sideOutput(late).write("late", to: ConsoleSink())
        return joined
    }
    // end snippet

    // snippet: window
    func perMinute(_ clicks: DataStream<Click>, _ orders: DataStream<Order>) -> DataStream<String> {
        clicks.keyBy(\.user).coGroup(
            "activity", orders.keyBy(\.user), window: .tumbling(.seconds(60)), allowedLateness: .seconds(10)
        ) { user, window, clicks, orders in
            ["\(user) from \(window.start): \(clicks.count) clicks, \(orders.count) orders"]
        }
    }

    func sameMinute(_ clicks: DataStream<Click>, _ orders: DataStream<Order>) -> DataStream<Joined> {
        clicks.keyBy(\.user).join("same minute", orders.keyBy(\.user), window: .tumbling(.seconds(60))) {
            Joined(user: $0.user, campaign: $0.campaign, item: $1.item, amount: $1.price)
        }
    }
    // end snippet

    // snippet: temporal
    func priced(_ orders: DataStream<Order>, _ prices: DataStream<Price>) -> DataStream<Joined> {
        orders.keyBy(\.item).leftJoin("price at order", versions: prices.keyBy(\.item), isDeletion: { $0.isGone }) {
            order, price in
            Joined(user: order.user, item: order.item, amount: price?.amount)
        }
    }
    // end snippet

    // snippet: regular
    func everything(_ clicks: DataStream<Click>, _ orders: DataStream<Order>) -> DataStream<Joined> {
        clicks.keyBy(\.user).join("all", orders.keyBy(\.user), keepFor: .seconds(86_400)) {
            Joined(user: $0.user, campaign: $0.campaign, item: $1.item, amount: $1.price)
        }
    }
    // end snippet

    // snippet: broadcast
    func named(_ clicks: DataStream<Click>, _ campaigns: DataStream<Campaign>) -> DataStream<String> {
        clicks.join("names", broadcast: campaigns, by: { $0.id }, on: { $0.campaign }, isRemoval: { $0.name.isEmpty }) {
            click, campaign in
            "\(click.user) clicked \(campaign?.name ?? "an unknown campaign")"
        }
    }
    // end snippet

    // snippet: lookup
    struct Profiles: Sendable {
        func country(of user: String) async throws -> String { "CH" }
    }

    func located(_ clicks: DataStream<Click>, _ profiles: Profiles) -> DataStream<String> {
        clicks.lookup(
            "country", ordered: false, capacity: 50, timeout: .seconds(2),
            retry: .exponential(attempts: 3, delay: .milliseconds(100)), onTimeout: { "\($0.user): unknown" },
            onError: .deadLetter
        ) { click in "\(click.user): \(try await profiles.country(of: click.user))" }
    }
    // end snippet

    private let clickInput = TestInput<Click>("clicks")
    private let orderInput = TestInput<Order>("orders")
    private let log = TextLog()

    private func sendClickAndOrder(apart time: Timestamp) {
        clickInput.send(Click(user: "ann", campaign: "spring"), at: 1_000)
        orderInput.send(Order(user: "ann", item: "tea", price: 4), at: 1_000 + time)
    }

    private func end(_ test: TestPipeline) throws -> [String] {
        clickInput.end()
        orderInput.end()
        try test.settle()
        return log.take()
    }

    @Test(arguments: [(1_800_000, "tea 4.0"), (1_800_001, " nothing")] as [(Timestamp, String)])
    func anOrderWithinHalfAnHourBelongsToTheClick(apart: Timestamp, expected: String) throws {
        let test = try TestPipeline { p in
            attribution(p.input(clickInput), p.input(orderInput)).texts("joined", in: log) { joined in
                "\(joined.item) \(joined.amount.map { "\($0)" } ?? "nothing")"
            }
        }
        sendClickAndOrder(apart: apart)
        #expect(try end(test) == [expected])
    }

    @Test func windowJoins() throws {
        let test = try TestPipeline { p in
            let (clicks, orders) = (p.input(clickInput), p.input(orderInput))
            perMinute(clicks, orders).texts("minute", in: log)
            sameMinute(clicks, orders).texts("joined", in: log) { "\($0.campaign) \($0.item)" }
        }
        sendClickAndOrder(apart: 58_000)
        #expect(try end(test).sorted() == ["ann from 0: 1 clicks, 1 orders", "spring tea"])
    }

    @Test func anOrderHasThePriceOfItsTime() throws {
        let prices = TestInput<Price>("prices")
        let test = try TestPipeline { p in
            priced(p.input(orderInput), p.input(prices)).texts("priced", in: log) { "\($0.amount ?? -1)" }
        }
        prices.send(Price(item: "tea", amount: 3), at: 1_000)
        prices.send(Price(item: "tea", amount: 5), at: 2_000)
        prices.send(Price(item: "tea", isGone: true), at: 3_000)
        prices.end()
        for time: Timestamp in [999, 1_999, 2_000, 3_000] { orderInput.send(Order(item: "tea"), at: time) }
        #expect(try end(test) == ["-1.0", "3.0", "5.0", "-1.0"])
    }

    @Test(arguments: [(86_400_000, ["tea"]), (86_400_001, [])] as [(Timestamp, [String])])
    func aDayApartIsTheLimit(apart: Timestamp, expected: [String]) throws {
        let test = try TestPipeline { p in
            everything(p.input(clickInput), p.input(orderInput)).texts("all", in: log, \.item)
        }
        sendClickAndOrder(apart: apart)
        #expect(try end(test) == expected)
    }

    @Test func namesAndCountriesAreLookedUp() throws {
        let campaigns = TestInput<Campaign>("campaigns")
        let test = try TestPipeline { p in
            let clicks = p.input(clickInput)
            named(clicks, p.input(campaigns)).texts("named", in: log)
            located(clicks, Profiles()).texts("located", in: log)
        }
        campaigns.send(Campaign(id: "spring", name: "Spring sale"), at: 0)
        campaigns.end()
        try test.settle()
        sendClickAndOrder(apart: 0)
        clickInput.send(Click(user: "bob", campaign: "x"), at: 2_000)
        let expected = ["ann clicked Spring sale", "ann: CH", "bob clicked an unknown campaign", "bob: CH"]
        #expect(try end(test).sorted() == expected)
    }
}
