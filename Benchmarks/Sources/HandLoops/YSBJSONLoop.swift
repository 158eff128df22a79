internal import Workloads

/// The same as ``YSBLoop`` from lines of JSON: written by the source, parsed whole, then filtered.
enum YSBJSONLoop {
    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var windows = CampaignWindows(size: parameters.windowMilliseconds)
        var source = BatchSource(AdsUniform(rate: parameters.rate, users: parameters.users), parameters, meter)
        let capacity = source.batchCapacity
        // One buffer per event, side by side; the consumer owns them all until it asks for the next batch.
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: (capacity + 1) * AdJSON.lineCapacity)
        let ends = UnsafeMutablePointer<Int>.allocate(capacity: capacity)
        let parsed = UnsafeMutablePointer<Ad>.allocate(capacity: capacity)
        defer {
            text.deallocate()
            ends.deallocate()
            parsed.deallocate()
        }
        while true {
            let count = source.next()
            if count == 0 { break }
            write(source.records, count, first: source.first, to: text, ends)
            while windows.fire(upTo: source.progress, into: &digest) {}
            var start = 0
            for i in 0..<count {
                guard AdLineScanner.scan(text + start, ends[i] &- start, into: parsed + i) else {
                    throw HandLoopError.malformedLine(index: source.first + Int64(i))
                }
                start = ends[i] &+ 1
            }
            YSBLoop.countViews(parsed, count, windows)
        }
        windows.finish(into: &digest)
        meter.finished()
        return digest
    }

    /// The source's half: a line per record, a newline behind each.
    @inline(__always)
    private static func write(
        _ records: UnsafeMutablePointer<Ad>, _ count: Int, first: Int64, to text: UnsafeMutablePointer<UInt8>,
        _ ends: UnsafeMutablePointer<Int>
    ) {
        var at = 0
        for i in 0..<count {
            at &+= AdJSON.write(records[i], index: first &+ Int64(i), to: text + at)
            ends[i] = at
            text[at] = UInt8(ascii: "\n")
            at &+= 1
        }
        (text + at).initialize(repeating: 0, count: 32)
    }
}
