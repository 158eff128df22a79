import Testing
import Weir

/// What aggregates say about NaN, infinities, single records and records without time.
@Suite struct AggregateRuleTests {
    private func fold<Function: AggregateFunction>(_ function: Function, _ values: [Function.Input]) -> Function.Output
    {
        var accumulator = function.start(values[0])
        for value in values.dropFirst() { function.add(value, to: &accumulator) }
        return function.result(accumulator)
    }

    @Test func varianceOfOneValueAndOfUnusualOnes() {
        #expect(fold(Variance { $0 }, [3.0]).isNaN)
        #expect(fold(Variance(of: .population) { $0 }, [3.0]) == 0)
        #expect(fold(Variance(of: .population, isDeviation: true) { $0 }, [1.0, 5.0]) == 2)
        for values in [[.infinity], [1, .infinity], [.infinity, 1], [.nan, 1], [.infinity, .infinity]] as [[Double]] {
            #expect(fold(Variance(of: .population) { $0 }, values).isNaN, "\(values)")
        }
        // A sum of squares would lose all digits here.
        let far: [Double] = [1_000_000_001, 1_000_000_002, 1_000_000_003]
        let variance = fold(Variance(of: .population) { $0 }, far)
        #expect(variance == 2.0 / 3)
    }

    @Test(arguments: [[.nan, 3, 1], [3, .nan, 1], [3, 1, .nan]] as [[Double]])
    func extremaPassOverNaN(_ values: [Double]) {
        #expect(fold(Extremum(highest: false) { $0 }, values) == 1)
        #expect(fold(Extremum(highest: true) { $0 }, values) == 3)
        #expect(fold(TopN(2, of: { $0 }, by: { $0 }), values) == [3, 1])
        let quantiles = fold(Quantiles([0, 0.5, 1]) { $0 }, values)
        #expect(quantiles[0] == 1 && quantiles[1] == 3 && quantiles[2].isNaN)
        // All at the same time: NaN is the highest.
        #expect(fold(FirstByTime { $0 }, values) == 1)
        #expect(fold(LastByTime { $0 }, values).isNaN)
    }

    @Test func nothingButNaN() {
        #expect(fold(Extremum(highest: true) { $0 }, [Double.nan, .nan]).isNaN)
        #expect(fold(TopN(2, of: { $0 }, by: { $0 }), [Double.nan, .nan]).isEmpty)
    }

    @Test func sumsAndAveragesFollowIEEE() {
        #expect(fold(FloatingSum { $0 }, [Double.greatestFiniteMagnitude, .greatestFiniteMagnitude]) == .infinity)
        #expect(fold(Average { $0 }, [1, Double.nan, 2]).isNaN)
    }

    @Test func twoNaNAreTheSameResult() {
        let average = Average<Double> { $0 }
        let both = Aggregates2(average, Count<Double>())
        #expect(average.isSame(.nan, .nan) && !average.isSame(.nan, 1) && average.isSame(2, 2))
        #expect(both.isSame((.nan, 1), (.nan, 1)) && !both.isSame((1, 1), (1, 2)) && !both.isSame((1, 1), (2, 1)))
    }

    @Test func aResultWithoutEqualityIsNeverTheSame() {
        struct Opaque: Sendable {}
        #expect(!Reduction<Opaque> { a, _ in a }.isSame(Opaque(), Opaque()))
        #expect(FirstByTime<Int, Int> { $0 }.isSame(1, 1))
    }

    @Test func codecsAreFoundFromTheValuesType() {
        final class Reference: Sendable {}
        #expect(Sum<Int, Int> { $0 }.accumulatorCodec.form == .own)
        #expect(Extremum<Int, String>(highest: true) { "\($0)" }.accumulatorCodec.form == .own)
        #expect(Reduction<Reference> { a, _ in a }.accumulatorCodec.form == .missing)
        var encoder = StateEncoder()
        let function = LastByTime<Int, Reference> { _ in Reference() }
        #expect(throws: StateError.self) { try function.accumulatorCodec.encode(function.start(1), into: &encoder) }
    }
}
