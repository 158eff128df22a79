import StreamCore
import Testing

@Suite struct TimestampTests {
    static let floors: [(time: Timestamp, size: Int64, offset: Int64, start: Timestamp)] = [
        (0, 10, 0, 0), (9, 10, 0, 0), (10, 10, 0, 10), (-1, 10, 0, -10), (-10, 10, 0, -10), (-11, 10, 0, -20),
        (7, 10, 3, 3), (2, 10, 3, -7), (3, 10, -7, 3), (12, 10, 13, 3), (13, 10, 13, 13), (-1, 10, -3, -3),
        (-4, 10, -3, -13), (5, 1, 0, 5), (.min, 1, 0, .min), (.max, 1, 0, .max),
        (.max, 1_000, 0, 9_223_372_036_854_775_000), (.min, 1_000, 0, .min), (.min + 807, 1_000, 0, .min),
        (.min + 808, 1_000, 0, .min + 808), (.max, .max, 0, .max), (-1, .max, 0, -.max), (.min, .max, 0, .min),
        (-5 << 60, .max, 5 << 60, .min), (0, .max, 1, 1 - .max), (1, .max, 1, 1),
        (.max - 1, .max, -1, .max - 1),
        (-2, .max, .max - 1, -.max - 1 + .max - .max),
        (4, 10, .max, -3), (4, 10, .min, 2),
    ]

    @Test(arguments: floors)
    func floored(time: Timestamp, size: Int64, offset: Int64, start: Timestamp) {
        #expect(time.floored(to: size, offset: offset) == start)
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func flooredHoldsTheTime(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func any() -> Int64 { Int64(bitPattern: random.next()) >> Int64(random.next(below: 62)) }
        for _ in 0..<3_000 {
            let time = any()
            let size = max(1, min(any().magnitude, Int64.max.magnitude))
            let offset = any()
            let start = time.floored(to: Int64(size), offset: offset)
            // In 128 bits, where nothing overflows.
            let wide = (Int128(time) - Int128(offset)) % Int128(size)
            let expected = Int128(time) - (wide < 0 ? wide + Int128(size) : wide)
            #expect(Int128(start) == max(expected, Int128(Int64.min)), "\(time), \(size), \(offset), seed \(seed)")
        }
    }

    static let sums: [(time: Timestamp, milliseconds: Int64, sum: Timestamp)] = [
        (0, 5, 5), (0, -5, -5), (.max - 1, 1, .max), (.max - 1, 2, .max), (.min + 1, -1, .min), (.min + 1, -2, .min),
        (1, .max, .max), (-1, .min, .min), (0, .min, .min), (-1, .max, .max - 1),
        // Before and after everything stay that.
        (.min, 5, .min), (.min, .max, .min), (.min, -1, .min), (.max, -5, .max), (.max, .min, .max), (.max, 1, .max),
    ]

    @Test(arguments: sums)
    func advanced(time: Timestamp, milliseconds: Int64, sum: Timestamp) {
        #expect(time.advanced(byMilliseconds: milliseconds) == sum)
    }

    static let durations: [(duration: Duration, milliseconds: Int64)] = [
        (.zero, 0), (.seconds(60), 60_000), (.milliseconds(-7), -7), (.microseconds(1_999), 1),
        (.microseconds(-1), -1), (.microseconds(-1_000), -1), (.microseconds(-1_001), -2), (.nanoseconds(-1), -1),
        (.seconds(-2), -2_000), (.seconds(-2) + .milliseconds(500), -1_500), (.seconds(Int64.max), .max),
        (.seconds(Int64.min), .min), (.milliseconds(Int64.max), .max), (.milliseconds(Int64.min), .min),
        (.milliseconds(Int64.max) + .milliseconds(1), .max), (.milliseconds(Int64.min) - .microseconds(1), .min),
    ]

    @Test(arguments: durations)
    func wholeMilliseconds(duration: Duration, milliseconds: Int64) { #expect(duration.milliseconds == milliseconds) }

    @Test func virtualClockMovesOnlyForward() {
        let clock = VirtualClock(start: 100)
        clock.advance(to: 90)
        #expect(clock.now == 100)
        clock.advance(by: .seconds(1))
        #expect(clock.now == 1_100)
        clock.advance(to: .max)
        clock.advance(by: .seconds(1))
        #expect(clock.now == .max)
    }
}
