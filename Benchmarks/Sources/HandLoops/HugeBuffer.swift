internal import CBenchmark

/// Zeroed memory in huge pages for `count` elements, unmapped with its owner.
struct HugeBuffer<Element: BitwiseCopyable>: ~Copyable {
    let start: UnsafeMutablePointer<Element>
    let count: Int
    private let mapping: bench_mapping

    init(count: Int) throws(HandLoopError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        let mapping = bench_map(overflow ? Int.max : bytes)
        guard let start = mapping.start else { throw .outOfMemory(bytes: bytes) }
        self.start = start.bindMemory(to: Element.self, capacity: count)
        self.count = count
        self.mapping = mapping
    }

    deinit { bench_unmap(mapping) }
}
