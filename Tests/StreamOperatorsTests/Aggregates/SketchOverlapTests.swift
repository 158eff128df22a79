import StreamTesting
import Testing
import Weir

@Suite struct SketchOverlapTests {
    private func sketch(_ values: some Sequence<Int>, precision: Int) -> HyperLogLog {
        var sketch = HyperLogLog(precision: precision)
        for value in values { sketch.insert(hash: value.stableHash) }
        return sketch
    }

    @Test(arguments: [0, 1, 40, 600, 20_000], [(18, 4), (14, 13), (14, 10), (10, 9), (9, 4), (12, 12)])
    func foldingGivesTheSketchOfLowerPrecision(count: Int, precisions: (Int, Int)) {
        let fine = sketch(0..<count, precision: precisions.0)
        let coarse = sketch(0..<count, precision: precisions.1)
        #expect(fine.folded(to: precisions.1) == coarse)
        #expect(coarse.folded(to: precisions.0) == coarse, "never the other way")
        let other = sketch(count / 2..<2 * count, precision: precisions.1)
        let union = sketch(0..<2 * count, precision: precisions.1)
        #expect(fine.union(other) == union)
        #expect(other.union(fine) == union)
    }

    @Test(
        arguments: [
            (0, 0, 0), (50, 0, 0), (50, 50, 50), (100, 80, 20), (5_000, 3_000, 1_000), (20_000, 20_000, 15_000),
        ],
        [(14, 14), (14, 11)])
    func overlapsAreWithinFourStandardErrors(_ sizes: (Int, Int, Int), precisions: (Int, Int)) {
        for seed in 0..<4 {
            let start = seed * 1_000_000
            let (a, b, both) = sizes
            let first = sketch(start..<start + a, precision: precisions.0)
            let second = sketch(start + a - both..<start + a - both + b, precision: precisions.1)
            let overlap = first.overlap(with: second)
            let union = a + b - both
            let place: Comment = "seed \(seed): \(overlap)"
            let error = 4 * overlap.intersectionError + 1
            #expect(abs(Double(overlap.intersection - both)) <= error, place)
            #expect(abs(Double(overlap.union - union)) <= error, place)
            let jaccard = union == 0 ? 0 : Double(both) / Double(union)
            let jaccardError = (error + 1) / Double(max(union, 1))
            #expect(abs(overlap.jaccard - jaccard) <= jaccardError, place)
            #expect(overlap == second.overlap(with: first))
        }
    }

    @Test func theStatedErrorIsThatOfInclusionAndExclusion() {
        let overlap = sketch(0..<3_000, precision: 14).overlap(with: sketch(0..<3_000, precision: 14))
        // 0.8125 % of the root of three squares of 3,000.
        let expected: Double = 0.008_125 * 5_196
        #expect(overlap.intersectionError > 0.95 * expected)
        #expect(overlap.intersectionError < 1.05 * expected)
        #expect(overlap.jaccard == 1)
    }

    @Test(arguments: [0, 1, 300, 512, 513, 30_000], [4, 9, 10, 14, 18])
    func bytesAreCompactAndGiveTheSameSketch(count: Int, precision: Int) throws {
        let sketch = sketch(0..<count, precision: precision)
        var encoder = StateEncoder()
        try encoder.encode(sketch)
        let dense = 4 + (1 << precision) / 4 * 3
        let limit = count <= 512 ? 4 + 3 * count : max(dense, 3 * 512)
        #expect(encoder.bytes.count <= limit)
        var decoder = StateDecoder(encoder.bytes)
        #expect(try decoder.decode(HyperLogLog.self) == sketch)
        #expect(decoder.isAtEnd)
    }

    @Test(
        arguments: [
            [], [3, 0, 0], [19, 0, 0], [14], [14, 2], [14, 0], [14, 0, 1], [14, 1, 0, 0], [14, 0, 1, 0],
            [14, 0, 1, 63],
            [4, 0, 1, 0x81, 0x08], [4, 0, 2, 1, 1], [4, 0, 2, 1],
        ] as [[UInt8]])
    func bytesThatAreNoSketchAreRefused(_ bytes: [UInt8]) {
        var decoder = StateDecoder(bytes)
        #expect(throws: StateError.self) { try decoder.decode(HyperLogLog.self) }
    }
}
