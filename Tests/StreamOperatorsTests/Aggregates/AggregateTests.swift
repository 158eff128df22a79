import StreamTesting
import Testing
import Weir

/// Every aggregate against a naive fold, folded in one piece and merged from every division into two and three.
@Suite struct AggregateTests {
    private static let inputs: [[Int]] = {
        var random = SplitMix64(seed: 7)
        return [[5], [0], [-3, 9], [4, 4, 4]]
            + (0..<30).map { _ in
                (0..<1 + random.next(below: 12)).map { _ in Int(random.next(below: 40)) - 15 }
            }
    }()

    private func check<Function: AggregateFunction>(
        _ function: Function, _ expected: ([Int]) -> Function.Output, _ location: SourceLocation = #_sourceLocation
    ) where Function.Input == Int, Function.Output: Equatable {
        func fold(_ part: ArraySlice<Int>) -> Function.Accumulator {
            var accumulator = function.start(part[part.startIndex])
            for element in part.dropFirst() { function.add(element, to: &accumulator) }
            return accumulator
        }
        for input in Self.inputs {
            let all = fold(input[...])
            #expect(function.result(all) == expected(input), "\(input)", sourceLocation: location)
            #expect(function.result(all) == expected(input), "asked again: \(input)", sourceLocation: location)
            for cut in input.indices.dropFirst() {
                var left = fold(input[..<cut])
                let right = fold(input[cut...])
                _ = function.result(left)
                function.merge(right, into: &left)
                #expect(function.result(left) == expected(input), "\(input) cut at \(cut)", sourceLocation: location)
                #expect(
                    function.result(right) == expected(Array(input[cut...])), "the source stays",
                    sourceLocation: location)
                for second in cut + 1..<max(input.count, cut + 1) {
                    var three = fold(input[..<cut])
                    var rest = fold(input[cut..<second])
                    function.merge(fold(input[second...]), into: &rest)
                    function.merge(rest, into: &three)
                    let cuts: Comment = "\(input) cut at \(cut) and \(second)"
                    #expect(function.result(three) == expected(input), cuts, sourceLocation: location)
                }
            }
        }
    }

    @Test func eachAgreesWithAFold() {
        check(Count()) { $0.count }
        check(CountWhere { $0 > 3 }) { $0.filter { $0 > 3 }.count }
        check(Sum { $0 }) { $0.reduce(0, +) }
        check(Sum { Int32($0) }) { $0.reduce(0) { $0 + Int32($1) } }
        check(FloatingSum { Double($0) }) { Double($0.reduce(0, +)) }
        check(Average { Double($0) }) { Double($0.reduce(0, +)) / Double($0.count) }
        check(Extremum(highest: false) { $0 }) { $0.min() ?? 0 }
        check(Extremum(highest: true) { $0 }) { $0.max() ?? 0 }
        check(Extremum(highest: true) { "\($0)" }) { $0.map { "\($0)" }.max() ?? "" }
        check(DistinctCount { $0 % 7 }) { Set($0.map { $0 % 7 }).count }
        check(DistinctCount { "value \($0)" }) { Set($0).count }
        // Few values lie in registers of their own, so the estimate is exact after rounding.
        check(ApproximateDistinctCount { $0 }) { Set($0).count }
        check(Reduction { max($0, $1) }) { $0.max() ?? 0 }
    }

    @Test func severalAtOnceAgreeWithEachAlone() {
        let count = Count<Int>()
        let sum = Sum { (value: Int) in value }
        let low = Extremum(highest: false) { (value: Int) in value }
        let high = Extremum(highest: true) { (value: Int) in value }
        let distinct = DistinctCount { (value: Int) in value }
        let mean = Average { (value: Int) in Double(value) }
        for input in Self.inputs {
            for cut in 0..<input.count {
                let two = Self.fold(Aggregates2(count, sum), input, cut)
                let three = Self.fold(Aggregates3(count, sum, low), input, cut)
                let four = Self.fold(Aggregates4(count, sum, low, high), input, cut)
                let five = Self.fold(Aggregates5(count, sum, low, high, distinct), input, cut)
                let six = Self.fold(Aggregates6(count, sum, low, high, distinct, mean), input, cut)
                let total = input.reduce(0, +)
                #expect(two == (input.count, total))
                #expect(three == (input.count, total, input.min() ?? 0))
                #expect(four == (input.count, total, input.min() ?? 0, input.max() ?? 0))
                #expect(five == (input.count, total, input.min() ?? 0, input.max() ?? 0, Set(input).count))
                let (a, b, c, d, e, f) = six
                #expect((a, b, c, d, e) == five)
                #expect(f == Double(total) / Double(input.count))
            }
        }
    }

    private static func fold<Function: AggregateFunction>(
        _ function: Function, _ input: [Int], _ cut: Int
    ) -> Function.Output where Function.Input == Int {
        func fold(_ part: ArraySlice<Int>) -> Function.Accumulator {
            var accumulator = function.start(part[part.startIndex])
            for element in part.dropFirst() { function.add(element, to: &accumulator) }
            return accumulator
        }
        guard cut > 0 else { return function.result(fold(input[...])) }
        var left = fold(input[..<cut])
        function.merge(fold(input[cut...]), into: &left)
        return function.result(left)
    }

    @Test func sumsWrapAround() {
        let sum = Sum { (value: Int8) in value }
        var accumulator = sum.start(100)
        sum.add(100, to: &accumulator)
        #expect(accumulator == -56)
        sum.merge(-100, into: &accumulator)
        #expect(accumulator == 100)
    }
}
