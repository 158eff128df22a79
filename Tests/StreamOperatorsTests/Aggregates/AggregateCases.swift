import Weir

extension AggregateCase {
    static let numbers = [
        AggregateCase("count", Count()) { $0.count },
        AggregateCase("count where", CountWhere { $0.value > 1 }) { $0.filter { $0.value > 1 }.count },
        AggregateCase("sum", Sum { $0.value }) { $0.reduce(0) { $0 + $1.value } },
        AggregateCase("sum that wraps", Sum { Int8(truncatingIfNeeded: $0.value) }) {
            $0.reduce(0) { $0 &+ Int8(truncatingIfNeeded: $1.value) }
        },
        AggregateCase("minimum", Extremum(highest: false) { $0.price }) { $0.map(\.price).min() ?? 0 },
        AggregateCase("maximum", Extremum(highest: true) { $0.user }) { $0.map(\.user).max() ?? "" },
        AggregateCase(near: "maximum beside NaN", Extremum(highest: true) { $0.value % 3 == 0 ? .nan : $0.price }) {
            $0.filter { $0.value % 3 != 0 }.map(\.price).max() ?? .nan
        },
        AggregateCase("reduction", Reduction { (a: Visit, b: Visit) in a.id < b.id ? a : b }, same: { $0.id == $1.id })
        {
            $0.first { $0.id == 0 } ?? $0[0]
        },
        AggregateCase(near: "floating sum", FloatingSum { $0.price }) { $0.reduce(0) { $0 + $1.price } },
        AggregateCase(near: "average", Average { $0.price }) { $0.reduce(0) { $0 + $1.price } / Double($0.count) },
        AggregateCase(near: "sample variance", Variance { $0.price }) { squares($0) / Double($0.count - 1) },
        AggregateCase(near: "population variance", Variance(of: .population) { $0.price }) {
            squares($0) / Double($0.count)
        },
        AggregateCase(near: "standard deviation", Variance(isDeviation: true) { $0.price }) {
            (squares($0) / Double($0.count - 1)).squareRoot()
        },
    ]

    /// The sum of squared distances from the mean, in two passes.
    private static func squares(_ visits: [Visit]) -> Double {
        let mean = visits.reduce(0) { $0 + $1.price } / Double(visits.count)
        return visits.reduce(0) { $0 + ($1.price - mean) * ($1.price - mean) }
    }

    static let ordered = [
        AggregateCase("first", FirstByTime { $0.value }) { visits in
            visits.min { ($0.time, $0.value) < ($1.time, $1.value) }?.value ?? 0
        },
        AggregateCase("last", LastByTime { $0.user }) { visits in
            visits.max { ($0.time, $0.user) < ($1.time, $1.user) }?.user ?? ""
        },
        AggregateCase("top values", TopN(3, of: { $0.value }, by: { $0.value })) {
            Array($0.map(\.value).sorted(by: >).prefix(3))
        },
        AggregateCase("top by another field", TopN(5, of: { $0.id }, by: { $0.price })) { visits in
            visits.sorted { ($1.price, $0.time, $0.id) < ($0.price, $1.time, $1.id) }.prefix(5).map(\.id)
        },
        AggregateCase("top of one", TopN(0, of: { $0.id }, by: { $0.user })) { visits in
            visits.sorted { ($1.user, $0.time, $0.id) < ($0.user, $1.time, $1.id) }.prefix(1).map(\.id)
        },
        AggregateCase("top beside NaN", TopN(4, of: { $0.id }, by: { $0.value % 3 == 0 ? .nan : $0.price })) { visits in
            visits.filter { $0.value % 3 != 0 }.sorted { ($1.price, $0.time, $0.id) < ($0.price, $1.time, $1.id) }
                .prefix(4).map(\.id)
        },
        AggregateCase("list", CollectList(limit: 10) { $0.id }) { list($0, limit: 10) },
        AggregateCase("long list", CollectList(limit: 100_000) { $0.id }) { list($0, limit: 100_000) },
    ]

    private static func list(_ visits: [Visit], limit: Int) -> Collected<Int> {
        let all = visits.sorted { ($0.time, $0.id) < ($1.time, $1.id) }.map(\.id)
        return Collected(Array(all.prefix(limit)), isComplete: all.count <= limit)
    }

    static let distinct = [
        AggregateCase("distinct", DistinctCount { $0.user }) { Set($0.map(\.user)).count },
        AggregateCase("distinct numbers", DistinctCount { $0.value }) { Set($0.map(\.value)).count },
        AggregateCase("approximate", ApproximateDistinctCount { $0.user }) { sketch($0).estimate },
        AggregateCase("sketch", DistinctSketch { $0.user }) { sketch($0) },
        AggregateCase("coarse sketch", DistinctSketch(precision: 4) { $0.user }) { sketch($0, precision: 4) },
        AggregateCase("fine sketch", DistinctSketch(precision: 18) { $0.value }) { visits in
            var sketch = HyperLogLog(precision: 18)
            for visit in visits { sketch.insert(hash: visit.value.stableHash) }
            return sketch
        },
        AggregateCase("adaptive, never exact", AdaptiveDistinctCount(exactUpTo: 0) { $0.user }) {
            adaptive($0, exactUpTo: 0)
        },
        AggregateCase("adaptive, few", AdaptiveDistinctCount(exactUpTo: 5) { $0.user }) { adaptive($0, exactUpTo: 5) },
        AggregateCase("adaptive, many", AdaptiveDistinctCount(exactUpTo: 40) { $0.user }) {
            adaptive($0, exactUpTo: 40)
        },
        AggregateCase("set", CollectSet(limit: 5) { $0.user }) { set($0, limit: 5) },
        AggregateCase("large set", CollectSet(limit: 1_000_000) { $0.user }) { set($0, limit: 1_000_000) },
        AggregateCase("few quantiles", Quantiles([0, 0.001, 0.25, 0.5, 0.9, 1], accuracy: 65_535) { $0.value }) {
            let values = $0.map(\.value).sorted()
            return [0, 0.001, 0.25, 0.5, 0.9, 1].map { quantile in
                // The lowest value that at least so many values don't exceed.
                values.first { value in
                    Double(values.filter { $0 <= value }.count) >= quantile * Double(values.count)
                } ?? 0
            }
        },
    ]

    private static func sketch(_ visits: [Visit], precision: Int = 14) -> HyperLogLog {
        var sketch = HyperLogLog(precision: precision)
        for visit in visits { sketch.insert(hash: visit.user.stableHash) }
        return sketch
    }

    private static func adaptive(_ visits: [Visit], exactUpTo threshold: Int) -> DistinctEstimate {
        let count = Set(visits.map(\.user)).count
        if count <= threshold { return DistinctEstimate(count: count, standardError: 0) }
        let sketch = sketch(visits)
        return DistinctEstimate(count: sketch.estimate, standardError: sketch.standardError)
    }

    private static func set(_ visits: [Visit], limit: Int) -> Collected<String> {
        let all = Set(visits.map(\.user)).sorted { $0.stableHash < $1.stableHash }
        return Collected(Array(all.prefix(limit)), isComplete: all.count <= limit)
    }

    static let severals = [
        AggregateCase(
            "two", Aggregates2(Count(), LastByTime { $0.id }), same: { $0 == $1 }
        ) { ($0.count, last($0)) },
        AggregateCase(
            "three", Aggregates3(DistinctCount { $0.user }, Count(), LastByTime { $0.id }), same: { $0 == $1 }
        ) { (Set($0.map(\.user)).count, $0.count, last($0)) },
        AggregateCase(
            "four", Aggregates4(Count(), Sum { $0.value }, Count(), LastByTime { $0.id }), same: { $0 == $1 }
        ) { ($0.count, $0.reduce(0) { $0 + $1.value }, $0.count, last($0)) },
        AggregateCase(
            "five", Aggregates5(LastByTime { $0.id }, Count(), Count(), DistinctSketch { $0.user }, Count()),
            same: { $0 == $1 }
        ) { (last($0), $0.count, $0.count, sketch($0), $0.count) },
        AggregateCase(
            "six",
            Aggregates6(
                Count(), Count(), CollectList(limit: 10) { $0.id }, Count(), Sum { $0.value }, LastByTime { $0.id }),
            same: { $0 == $1 }
        ) { ($0.count, $0.count, list($0, limit: 10), $0.count, $0.reduce(0) { $0 + $1.value }, last($0)) },
    ]

    private static func last(_ visits: [Visit]) -> Int {
        visits.max { ($0.time, $0.id) < ($1.time, $1.id) }?.id ?? 0
    }

    static let all = numbers + ordered + distinct + severals
}
