/// The stream `ads-u` as lines of JSON, each a buffer of its own.
@frozen
public struct AdLines: EventGenerator {
    @usableFromInline let ads: AdsUniform

    /// Events per second of event time.
    public var rate: Int64 { ads.rate }

    /// Creates the stream with `users` users, at most 2^32.
    @inlinable
    public init(rate: Int64, users: Int64) { ads = AdsUniform(rate: rate, users: users) }

    /// The line of event `index`; `base` is `floor(index * 1000 / rate)`.
    @inlinable
    public func event(_ index: Int64, base: Int64) -> [UInt8] {
        let ad = ads.event(index, base: base)
        return [UInt8](unsafeUninitializedCapacity: AdJSON.lineCapacity) { buffer, count in
            if let start = buffer.baseAddress { count = AdJSON.write(ad, index: index, to: start) }
        }
    }
}
