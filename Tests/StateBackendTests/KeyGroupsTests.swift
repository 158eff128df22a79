import StateBackend
import Testing

@Suite struct KeyGroupsTests {
    @Test(arguments: [1, 2, 7, 128, 1_000])
    func rangesPartitionTheGroups(count: Int) {
        let groups = KeyGroups(count: count)
        for parallelism in 1...min(128, count) {
            var next = 0
            var sizes: Set<Int> = []
            for worker in 0..<parallelism {
                let range = groups.range(ofWorker: worker, parallelism: parallelism)
                #expect(range.lowerBound == next, "\(parallelism) workers")
                next = range.upperBound
                sizes.insert(range.count)
                for group in range where groups.worker(ofGroup: group, parallelism: parallelism) != worker {
                    Issue.record("group \(group) belongs to another than worker \(worker) of \(parallelism)")
                }
            }
            #expect(next == count, "\(parallelism) workers")
            // As even as can be, and nobody without work.
            #expect(sizes.count <= 2 && !sizes.contains(0), "\(parallelism) workers")
        }
    }

    @Test func groupsCoverTheHashesInOrder() {
        let groups = KeyGroups()
        #expect(groups.count == 128)
        #expect(groups.group(ofHash: 0) == 0)
        #expect(groups.group(ofHash: .max) == 127)
        #expect((0..<128).allSatisfy { groups.group(ofHash: UInt64($0) << 57) == $0 })
    }

    @Test(arguments: [(Int.min, 1), (0, 1), (1, 1), (128, 128), (32_768, 32_768), (Int.max, 32_768)])
    func countIsClamped(asked: Int, count: Int) { #expect(KeyGroups(count: asked).count == count) }
}
