import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The code of Docs/guides/aggregates.md.
@Suite struct AggregatesGuide {
    // snippet: records
    struct Sale: EventTimed, Codable {
        var user = "", item = ""
        var price: Int64 = 0
        var eventTime: Timestamp = 0
        var isTea: Bool { item == "tea" }
    }

    let sales = [
        Sale(user: "ann", item: "tea", price: 3, eventTime: 1_000),
        Sale(user: "bob", item: "tea", price: 5, eventTime: 2_000),
        Sale(user: "ann", item: "cup", price: 9, eventTime: 3_000),
        Sale(user: "eve", item: "tea", price: 5, eventTime: 4_000),
    ]
    // end snippet

    // snippet: spread
    struct Spread: AggregateFunction {
        func start(_ sale: Sale) -> ClosedRange<Int64> { sale.price...sale.price }
        func add(_ sale: Sale, to range: inout ClosedRange<Int64>) { merge(start(sale), into: &range) }
        func merge(_ other: ClosedRange<Int64>, into range: inout ClosedRange<Int64>) {
            range = min(range.lowerBound, other.lowerBound)...max(range.upperBound, other.upperBound)
        }
        func result(_ range: ClosedRange<Int64>) -> Int64 { range.upperBound - range.lowerBound }
    }
    // end snippet

    @Test func resultsAreAsShown() async throws {
        let log = TextLog()
        let pipeline = try Pipeline("aggregates") { p in
            // snippet: window
            let minute = p.source("sales", CollectionSource(sales), watermarks: .monotonous())
                .keyBy { _ in "all" }
                .window(.tumbling(.seconds(60)))
            // end snippet

            // snippet: numbers
            let numbers = minute.aggregate(
                "numbers", .count(), .count(where: \.isTea), .sum(\.price), .minimum(\.price), .maximum(\.price),
                .average(\.price))
            // (4, 3, 22, 3, 9, 5.5)
            let spread = minute.aggregate(
                "spread", .variance(\.price, of: .population), .quantiles(\.price, [0, 0.5, 1]), Spread())
            // (4.749999999999999, [3, 5, 9], 6)
            // end snippet

            // snippet: order
            let ends = minute.aggregate("ends", .first(\.user), .last(\.user))
            // ("ann", "eve")
            let tops = minute.aggregate("tops", .top(2, \.price), .top(3, of: \.user, by: \.price))
            // ([9, 5], ["ann", "bob", "eve"])
            // end snippet

            // snippet: collect
            let items = minute.aggregate("items", .collect(\.item, limit: 3))
            // Collected<String>(values: ["tea", "tea", "cup"], isComplete: false)
            let kinds = minute.aggregate("kinds", .collectSet(\.item, limit: 1_000)).map {
                Set($0.value.values) == ["tea", "cup"]
            }
            // true
            // end snippet

            // snippet: distinct
            let users = minute.aggregate("users", .distinct(\.user), .approximateDistinct(\.user))
            // (3, 3)
            let few = minute.aggregate("few", .distinct(\.user, exactUpTo: 1_000)).map(\.value)
            // DistinctEstimate(count: 3, standardError: 0.0)
            let many = minute.aggregate("many", .distinct(\.user, exactUpTo: 2)).map(\.value)
            // DistinctEstimate(count: 3, standardError: 0.008125)
            let audiences = minute.aggregate("audiences", .distinctSketch(\.user)).map { pane in
                var other = HyperLogLog()
                for user in ["ann", "zoe"] { other.insert(hash: user.stableHash) }
                let overlap = pane.value.overlap(with: other)
                return [overlap.union, overlap.intersection]
            }
            // [4, 1]
            // end snippet

            numbers.texts("numbers", in: log) { "\($0.value)" }
            spread.texts("spread", in: log) { "\($0.value)" }
            ends.texts("ends", in: log) { "\($0.value)" }
            tops.texts("tops", in: log) { "\($0.value)" }
            items.texts("items", in: log) { "\($0.value)" }
            kinds.texts("kinds", in: log)
            users.texts("users", in: log) { "\($0.value)" }
            few.texts("few", in: log)
            many.texts("many", in: log)
            audiences.texts("audiences", in: log)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options)
        #expect(log.records.count == 10)
        for text in log.records {
            try expectShown("// \(text.replacing("StreamOperators.", with: ""))", in: "Docs/guides/aggregates.md")
        }
    }

    /// The errors that the page states.
    @Test func errorsAreAsStated() {
        #expect((HyperLogLog().standardError * 10_000).rounded() == 81)
        #expect((KLLSketch(0).rankError * 10_000).rounded() == 133)
        #expect((KLLSketch(0, accuracy: 400).rankError * 10_000).rounded() == 68)
        let sample = Variance<Int>(of: .sample) { Double($0) }
        let population = Variance<Int>(of: .population) { Double($0) }
        #expect(sample.result(sample.start(7)).isNaN)
        #expect(population.result(population.start(7)) == 0)
        let sum = Sum<Int64, Int64> { $0 }
        var total = sum.start(.max)
        sum.add(1, to: &total)
        #expect(sum.result(total) == .min)
        let top = TopN<Double, Double, Double>(2, of: { $0 }, by: { $0 })
        var best = top.start(.nan)
        top.add(1, to: &best)
        #expect(top.result(best) == [1])
        let lowest = Extremum<Double, Double>(highest: false) { $0 }
        var low = lowest.start(.nan)
        lowest.add(1, to: &low)
        #expect(lowest.result(low) == 1)
    }

    @Test func anAggregateOfOnesOwnPassesTheHarness() throws {
        let harness = OperatorHarness<Sale, Int64> {
            $0.keyBy(\.item).window(.session(gap: .seconds(1))).aggregate("spread", Spread()).map(\.value)
        }
        let output = try harness.verify(sales.map { .record($0, at: $0.eventTime / 4) })
        #expect(output.compactMap(\.record).sorted() == [0, 2])
    }
}
