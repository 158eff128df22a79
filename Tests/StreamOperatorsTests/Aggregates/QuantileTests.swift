import StreamTesting
import Testing
import Weir

@Suite struct QuantileTests {
    enum Distribution: CaseIterable { case uniform, zipf, ascending, descending, constant, twoValues }

    private func values(_ distribution: Distribution, _ count: Int, _ random: inout SplitMix64) -> [Int] {
        (0..<count).map { i in
            switch distribution {
            case .uniform: Int(random.next(below: 1 << 40))
            // The inverse of a uniform number: a long tail of ranks.
            case .zipf: Int(1 / (Double(random.next(below: 1 << 30) + 1) / Double(1 << 30)))
            case .ascending: i
            case .descending: -i
            case .constant: 7
            case .twoValues: Int(random.next(below: 10)) == 0 ? 1 : 0
            }
        }
    }

    /// How far the rank of an estimate is from the one asked for: 0 where the estimate's equals span it.
    private func error(_ estimate: Int, _ quantile: Double, _ sorted: [Int]) -> Double {
        func position(_ isBefore: (Int) -> Bool) -> Double {
            var low = 0
            var high = sorted.count
            while low < high {
                let middle = (low + high) / 2
                if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
            }
            return Double(low) / Double(sorted.count)
        }
        return max(0, position { $0 < estimate } - quantile, quantile - position { $0 <= estimate })
    }

    /// The sketch of values in one piece, or merged from parts in a random tree.
    private func sketch(_ values: [Int], parts: Int, accuracy: Int, _ random: inout SplitMix64) -> KLLSketch<Int> {
        let function = Quantiles<Int, Int>([0.5], accuracy: accuracy) { $0 }
        var sketches: [KLLSketch<Int>] = []
        for part in 0..<parts {
            let slice = values[values.count * part / parts..<values.count * (part + 1) / parts]
            guard let first = slice.first else { continue }
            var sketch = function.start(first, at: Int64(part))
            for value in slice.dropFirst() { function.add(value, to: &sketch) }
            sketches.append(sketch)
        }
        while sketches.count > 1 {
            let other = sketches.remove(at: Int(random.next(below: UInt64(sketches.count))))
            function.merge(other, into: &sketches[Int(random.next(below: UInt64(sketches.count)))])
        }
        return sketches[0]
    }

    @Test(arguments: Distribution.allCases, [1, 2, 16, 200])
    func theRankErrorKeepsToWhatIsStated(_ distribution: Distribution, parts: Int) {
        for seed in 0..<8 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let accuracy = seed % 2 == 0 ? 200 : 50
            let values = values(distribution, 4_000, &random)
            let sorted = values.sorted()
            let sketch = sketch(values, parts: parts, accuracy: accuracy, &random)
            #expect(sketch.count == values.count && sketch.lowest == sorted[0])
            let quantiles = (0...50).map { Double($0) / 50 }
            for (quantile, estimate) in zip(quantiles, sketch.quantiles(quantiles)) {
                let error = error(estimate, quantile, sorted)
                #expect(error <= sketch.rankError, "seed \(seed), \(distribution), quantile \(quantile)")
                let rank = sketch.rank(of: estimate)
                #expect(rank >= quantile - 1e-9, "seed \(seed), \(distribution), rank of quantile \(quantile)")
            }
        }
    }

    @Test func memoryIsBounded() {
        for accuracy in [8, 50, 200] {
            var sketch = KLLSketch(0, accuracy: accuracy)
            for value in 1..<50_000 { sketch.insert(value * 7_919 % 50_000) }
            var encoder = StateEncoder()
            #expect(throws: Never.self) { try KLLSketch.codec(.automatic).encode(sketch, into: &encoder) }
            // At most three bytes a value here.
            #expect(encoder.bytes.count < 3 * (3 * accuracy + 150), "accuracy \(accuracy): \(encoder.bytes.count)")
        }
    }

    @Test func theSameOrderGivesTheSameSketchAlsoAfterSaving() throws {
        let codec = KLLSketch<Int>.codec(.automatic)
        var random = SplitMix64(seed: 4)
        let values = values(.uniform, 3_000, &random)
        var plain = KLLSketch(values[0], accuracy: 30)
        var saved = plain
        for (index, value) in values.enumerated().dropFirst() {
            plain.insert(value)
            saved.insert(value)
            guard index % 100 == 0 else { continue }
            var encoder = StateEncoder()
            try codec.encode(saved, into: &encoder)
            var decoder = StateDecoder(encoder.bytes)
            saved = try codec.decode(&decoder)
        }
        var bytes = (StateEncoder(), StateEncoder())
        try codec.encode(plain, into: &bytes.0)
        try codec.encode(saved, into: &bytes.1)
        #expect(bytes.0.bytes == bytes.1.bytes)
    }

    @Test func mergingTakesTheLowerAccuracy() {
        var fine = KLLSketch(1, accuracy: 200)
        var coarse = KLLSketch(2, accuracy: 10)
        for value in 3..<500 { fine.insert(value) }
        for value in 500..<600 { coarse.insert(value) }
        let sum = fine.count + coarse.count
        coarse.merge(fine)
        fine.merge(coarse)
        #expect(coarse.accuracy == 10 && fine.accuracy == 10 && coarse.count == sum)
        #expect(KLLSketch(1, accuracy: 1).accuracy == 8 && KLLSketch(1, accuracy: 1 << 30).accuracy == 65_535)
    }
}
