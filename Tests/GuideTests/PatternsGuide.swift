import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The code of Docs/guides/patterns.md.
@Suite struct PatternsGuide {
    // snippet: carts
    struct Click: EventTimed, Codable {
        enum Kind: String, Codable { case view, cart, order, login, failure }
        var user = ""
        var kind = Kind.view
        var price: Int64 = 0
        var eventTime: Timestamp = 0
    }

    func abandonedCarts(_ clicks: DataStream<Click>) -> DataStream<String> {
        let pattern = Pattern<Click>.begin("cart") { $0.kind == .cart }
            .followedBy("views") { $0.kind == .view }.times(2...).greedy()
            .notFollowedBy("order") { $0.kind == .order }
            .within(.seconds(600))
            .afterMatch(.skipPastLastEvent)

        return clicks.keyBy(\.user).match("abandoned carts", pattern).map { match in
            "\(match["cart"][0].user) looked at \(match["views"].count) more pages and left"
        }
    }
    // end snippet

    // snippet: logins
    func logins(_ clicks: DataStream<Click>, late lateSink: CollectSink<Click>, slow slowSink: CollectSink<String>) {
        let late = SideOutput<Click>("late")
        let slow = SideOutput<PatternMatch<Click>>("slow")
        let pattern = Pattern<Click>.begin("login") { $0.kind == .login }
            .followedBy("order") { $0.kind == .order }
            .within(.seconds(60))
        let orders = clicks.keyBy(\.user).match("login to order", pattern, late: .sideOutput(late), timedOut: slow)
        orders.sideOutput(slow).map { $0["login"][0].user }.write("slow", to: slowSink)
        orders.sideOutput(late).write("late", to: lateSink)
    }
    // end snippet

    // snippet: rising
    func risingOrders(_ clicks: DataStream<Click>) -> DataStream<PatternMatch<Click>> {
        let pattern = Pattern<Click>.begin("first") { $0.kind == .order }
            .followedBy("dearer") { click, match in
                click.kind == .order && click.price > (match.last?.price ?? 0)
            }.times(3)
            .within(.seconds(86_400))
        return clicks.keyBy(\.user).match("rising orders", pattern)
    }
    // end snippet

    private func click(_ kind: Click.Kind, price: Int64 = 0, at time: Timestamp) -> ScriptStep<Click> {
        .record(Click(user: "ann", kind: kind, price: price, eventTime: time), at: time)
    }

    @Test func cartsAreReportedAtTheDeadline() throws {
        let harness = OperatorHarness<Click, String> { abandonedCarts($0) }
        let views = (2...4).map { click(.view, at: $0 * 1_000) }
        let events = try harness.verify([click(.cart, at: 1_000)] + views + [.watermark(600_999), .watermark(601_000)])
        let text = Marble.text(of: events) { $0 }
        #expect(text == "w600999 ann looked at 3 more pages and left w601000 end")
        let bought = try harness.verify([click(.cart, at: 1_000)] + views + [click(.order, at: 5_000)])
        #expect(bought.compactMap(\.record) == [])
    }

    @Test func slowAndLateLoginsGoToTheSide() throws {
        let input = TestInput<Click>("clicks")
        let (late, slow) = (CollectSink<Click>(), CollectSink<String>())
        let test = try TestPipeline { p in logins(p.input(input), late: late, slow: slow) }
        input.play([click(.login, at: 1_000), click(.order, at: 61_000), .watermark(61_000), click(.login, at: 61_000)])
        try test.settle()
        #expect(slow.timestamped.map(\.timestamp) == [61_000])
        #expect(late.elements.map(\.eventTime) == [61_000])
    }

    @Test func ordersRise() throws {
        let harness = OperatorHarness<Click, String> {
            risingOrders($0).map { "\($0.elements.map(\.price)) from \($0.start) to \($0.end)" }
        }
        let prices = [3, 5, 4, 6, 8].enumerated().map { click(.order, price: $1, at: Timestamp($0)) }
        let matches = try harness.verify(prices).compactMap(\.record)
        #expect(matches == ["[3, 5, 6, 8] from 0 to 4"])
    }

    /// A pattern's matches as words, for the tables of the page.
    private func matches(_ text: String, _ pattern: Pattern<String>) throws -> [String] {
        let harness = OperatorHarness<String, String> {
            $0.keyBy { _ in 0 }.match("pattern", pattern).map { $0.elements.joined(separator: " ") }
        }
        let steps = text.split(separator: " ").enumerated().map { index, word in
            ScriptStep<String>.record(String(word), at: Timestamp(index))
        }
        return try harness.verify(steps).compactMap(\.record)
    }

    private static func starts(_ letter: String) -> @Sendable (String) -> Bool { { $0.hasPrefix(letter) } }
    private static let a = Pattern<String>.begin("a", where: starts("a"))

    @Test(arguments: [
        ("a b1 b2", a.next("b", where: starts("b")), ["a b1"]),
        ("a x b1 b2", a.next("b", where: starts("b")), []),
        ("a x b1 b2", a.followedBy("b", where: starts("b")), ["a b1"]),
        ("a x b1 b2", a.followedByAny("b", where: starts("b")), ["a b1", "a b2"]),
    ])
    func contiguity(events: String, pattern: Pattern<String>, expected: [String]) throws {
        #expect(try matches(events, pattern) == expected)
    }

    private static let c = Pattern<String>.begin("c", where: starts("c")).followedBy("a", where: starts("a"))

    @Test(arguments: [
        ("c a1 x a2 d", c.oneOrMore(), ["c a1 a2 d", "c a1 d"]),
        ("c a1 x a2 d", c.oneOrMore().greedy(), ["c a1 a2 d"]),
        ("c a1 x a2 d", c.oneOrMore().consecutive(), ["c a1 d"]),
        (
            "c a1 x a2 a3 d", c.oneOrMore().allowCombinations(),
            ["c a1 a2 a3 d", "c a1 a2 d", "c a1 a3 d", "c a1 d"]
        ),
        ("c a1 x a2 a3 d", c.oneOrMore(), ["c a1 a2 a3 d", "c a1 a2 d", "c a1 d"]),
    ])
    func loops(events: String, pattern: Pattern<String>, expected: [String]) throws {
        #expect(try matches(events, pattern.followedBy("d", where: Self.starts("d"))).sorted() == expected)
    }

    @Test(arguments: [
        (AfterMatchSkip.noSkip, ["a1 a2 a3 b", "a2 a3 b", "a3 b"]),
        (.skipToNext, ["a1 a2 a3 b", "a2 a3 b", "a3 b"]),
        (.skipPastLastEvent, ["a1 a2 a3 b"]),
        (.skipToFirst("a"), ["a1 a2 a3 b", "a2 a3 b", "a3 b"]),
        (.skipToLast("a"), ["a1 a2 a3 b", "a3 b"]),
    ])
    func afterMatch(skip: AfterMatchSkip, expected: [String]) throws {
        let pattern = Self.a.oneOrMore().consecutive().greedy().next("b", where: Self.starts("b")).afterMatch(skip)
        #expect(try matches("a1 a2 a3 b", pattern) == expected)
    }
}
