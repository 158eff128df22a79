/// The stream `ads-u` as lines of JSON.
///
/// The lines of a batch are slices of one piece of memory, as a log client hands over what it has fetched; each belongs
/// to whoever holds it.
@frozen
public struct AdLines: EventGenerator {
    @usableFromInline let ads: AdsUniform

    /// Events per second of event time.
    public var rate: Int64 { ads.rate }

    /// Creates the stream with `users` users, at most 2^32.
    @inlinable
    public init(rate: Int64, users: Int64) { ads = AdsUniform(rate: rate, users: users) }

    /// The line of event `index`; `base` is `floor(index * 1000 / rate)`.
    public func event(_ index: Int64, base: Int64) -> ArraySlice<UInt8> {
        let line = [UInt8](unsafeUninitializedCapacity: AdJSON.lineCapacity) { buffer, count in
            if let out = buffer.baseAddress {
                count = AdJSON.write(ads.event(index, base: base), index: index, to: out)
            }
        }
        return line[...]
    }

    /// Makes the lines of a batch; see ``EventGenerator/fill(_:count:first:stride:clock:)``.
    public func fill(
        _ out: UnsafeMutablePointer<ArraySlice<UInt8>>, count: Int, first: Int64, stride: Int64,
        clock: inout EventClock
    ) -> Int64 {
        var base: Int64 = 0
        withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { ends in
            let text = [UInt8](unsafeUninitializedCapacity: count * AdJSON.longestLine + AdJSON.lineCapacity) {
                buffer, end in
                guard let text = buffer.baseAddress else { return }
                for i in 0..<count {
                    let index = first &+ Int64(i) &* stride
                    base = clock.advance(to: index)
                    end &+= AdJSON.write(ads.event(index, base: base), index: index, to: text + end)
                    ends[i] = end
                }
            }
            var start = 0
            for i in 0..<count {
                (out + i).initialize(to: text[start..<ends[i]])
                start = ends[i]
            }
        }
        return base
    }
}
