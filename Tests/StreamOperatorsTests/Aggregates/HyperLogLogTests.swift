import StreamTesting
import Testing
import Weir

@Suite struct HyperLogLogTests {
    @Test(arguments: [0, 1, 2, 10, 100, 500, 512, 513, 1_000, 5_000, 20_000], [1, 2, 3, 4] as [UInt64])
    func theErrorIsWithinFourStandardErrors(count: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for precision in [10, 14] {
            var sketch = HyperLogLog(precision: precision)
            let first = random.next()
            for index in 0..<count { sketch.insert(hash: Int(truncatingIfNeeded: first &+ UInt64(index)).stableHash) }
            let allowed = 4 * sketch.standardError * Double(count) + 0.5
            #expect(abs(Double(sketch.estimate - count)) <= allowed, "precision \(precision), seed \(seed)")
        }
    }

    /// One long run, measured on the way.
    @Test(arguments: [1, 2] as [UInt64]) func theErrorStaysWithinFourStandardErrorsToAMillion(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var sketch = HyperLogLog()
        var next = 1_000
        for count in 1...1_000_000 {
            sketch.insert(hash: random.next())
            guard count == next || count == 1_000_000 else { continue }
            next *= 3
            let allowed = 4 * sketch.standardError * Double(count) + 0.5
            #expect(abs(Double(sketch.estimate - count)) <= allowed, "after \(count), seed \(seed)")
        }
    }

    @Test func consecutiveNumbersAndTextsAreSpreadEvenly() {
        var numbers = HyperLogLog()
        var texts = HyperLogLog()
        for index in 0..<30_000 {
            numbers.insert(hash: (index * 1_024).stableHash)
            texts.insert(hash: "user-\(index)".stableHash)
        }
        #expect(abs(numbers.estimate - 30_000) < Int(4 * numbers.standardError * 30_000))
        #expect(abs(texts.estimate - 30_000) < Int(4 * texts.standardError * 30_000))
    }

    @Test(
        arguments: [(0, 0), (0, 5), (3, 4), (300, 300), (400, 2_000), (2_000, 400), (3_000, 3_000)], [4, 10, 14, 18])
    func mergingIsTheSketchOfTheUnion(_ sizes: (Int, Int), precision: Int) {
        for overlap in [0, sizes.0 / 2] {
            var a = HyperLogLog(precision: precision)
            var b = HyperLogLog(precision: precision)
            var union = HyperLogLog(precision: precision)
            for value in 0..<sizes.0 {
                a.insert(hash: value.stableHash)
                union.insert(hash: value.stableHash)
            }
            for value in sizes.0 - overlap..<sizes.0 - overlap + sizes.1 {
                b.insert(hash: value.stableHash)
                union.insert(hash: value.stableHash)
            }
            let before = b
            var ab = a
            ab.merge(b)
            #expect(ab == union)
            #expect(ab.estimate == union.estimate)
            #expect(b == before)
            b.merge(a)
            #expect(b == union)
        }
    }

    @Test func orderAndRepetitionDoNotMatter() {
        var random = SplitMix64(seed: 5)
        let hashes = (0..<900).map { _ in random.next() }
        for count in [10, 500, 900] {
            var forward = HyperLogLog()
            var backward = HyperLogLog()
            for hash in hashes.prefix(count) { forward.insert(hash: hash) }
            for hash in hashes.prefix(count).reversed() + hashes.prefix(count / 2) { backward.insert(hash: hash) }
            #expect(forward == backward)
        }
    }

    @Test func precisionIsClamped() {
        #expect(HyperLogLog(precision: 0).precision == 4)
        #expect(HyperLogLog(precision: 30).precision == 18)
        #expect(HyperLogLog().estimate == 0)
    }
}

@Suite struct KeySetTests {
    @Test func copiesAreIndependent() {
        var random = SplitMix64(seed: 3)
        var sets: [(KeySet<Int>, Set<Int>)] = [(KeySet(), [])]
        for step in 0..<2_000 {
            let index = Int(random.next(below: UInt64(sets.count)))
            switch random.next(below: 4) {
            case 0 where sets.count < 12: sets.append(sets[index])
            case 1:
                let other = Int(random.next(below: UInt64(sets.count)))
                let (set, oracle) = sets[other]
                sets[index].0.formUnion(set)
                sets[index].1.formUnion(oracle)
            default:
                let value = Int(random.next(below: 300))
                sets[index].0.insert(value)
                sets[index].1.insert(value)
            }
            for (set, oracle) in sets {
                #expect(set.count == oracle.count, "step \(step)")
                let probe = Int(random.next(below: 300))
                #expect(set.contains(probe) == oracle.contains(probe), "step \(step)")
            }
        }
        for (set, oracle) in sets { #expect((0..<300).allSatisfy { set.contains($0) == oracle.contains($0) }) }
    }

    /// A number that isn't equal to itself is another element each time, as in a standard set, wherever it comes.
    @Test(arguments: [0, 1, 5]) func notANumber(before: Int) {
        struct Reading: StreamKey {
            var value: Double
            var stableHash: UInt64 { value.bitPattern.stableHash }
        }
        var set = KeySet<Reading>()
        for index in 0..<before { set.insert(Reading(value: Double(index))) }
        for _ in 0..<3 { set.insert(Reading(value: .nan)) }
        for index in 0..<20 { set.insert(Reading(value: Double(index))) }
        var seen: [Double] = []
        set.forEach { seen.append($0.value) }
        #expect(set.count == 23 && seen.filter(\.isNaN).count == 3)
        #expect(Set(seen.filter { !$0.isNaN }) == Set((0..<20).map(Double.init)))
        #expect(set.contains(Reading(value: 7)) && !set.contains(Reading(value: 20)))
    }

    @Test func aUnionWithItselfIsItself() {
        var set = KeySet<String>()
        for text in ["a", "b", ""] { set.insert(text) }
        let copy = set
        set.formUnion(copy)
        #expect(set.count == 3 && set.contains("") && !set.contains("c"))
        set.insert("c")
        #expect(copy.count == 3)
    }

    /// Of each width a cache line has another number of slots; the last one's don't fit into it evenly.
    @Test func elementsOfAllWidths() {
        func check<Element: StreamKey>(_ count: Int, _ make: (Int) -> Element) {
            var set = KeySet<Element>()
            var oracle: Set<Element> = []
            var random = SplitMix64(seed: 5)
            for step in 0..<2 * count {
                let element = make(Int(random.next(below: UInt64(count))))
                guard step % 64 == 1 else {
                    set.insert(element)
                    oracle.insert(element)
                    continue
                }
                let copy = set
                set.insert(element)
                #expect(copy.count == oracle.count && copy.contains(element) == oracle.contains(element))
                oracle.insert(element)
            }
            var seen: Set<Element> = []
            set.forEach { seen.insert($0) }
            #expect(set.count == oracle.count && seen == oracle, "\(Element.self)")
            #expect((0..<count).allSatisfy { set.contains(make($0)) == oracle.contains(make($0)) }, "\(Element.self)")
        }
        check(2) { $0 == 1 }
        check(256) { Int8(truncatingIfNeeded: $0) }
        check(300) { Int16(truncatingIfNeeded: $0 * 91) }
        check(300) { UInt32(truncatingIfNeeded: $0) }
        check(300) { Pair(Int64($0), Int32($0 % 7)) }
        check(300) { Pair(Int64($0), Pair(Int64($0 % 3), Int64(7))) }
        check(100) { "\($0)" }
    }
}
