import StreamTesting
import Weir

/// The seeds of property tests, in chunks: a test case each would cost more than the seed.
struct Seeds: Sendable, CustomStringConvertible {
    static let all = stride(from: UInt64(0), to: 500, by: 50).map { Seeds(range: $0..<$0 + 50) }

    let range: Range<UInt64>

    var description: String { "seeds \(range)" }
}

extension TestWindows {
    static func cumulating(_ random: inout SplitMix64) -> TestWindows {
        let step = Int64(random.next(below: 30)) + 1
        let size = step * (Int64(random.next(below: 5)) + 1)
        return .cumulating(
            size: size, step: step, offset: Int64(random.next(below: UInt64(2 * size - 1))) - size + 1)
    }

    static func calendar(_ random: inout SplitMix64) -> TestWindows {
        let units: [CalendarUnit] = [.day, .week(), .month]
        return .calendar(
            units[Int(random.next(below: 3))],
            zone: CalendarOracle.zones[Int(random.next(below: UInt64(CalendarOracle.zones.count)))])
    }

    static func bounded(_ random: inout SplitMix64) -> TestWindows {
        let maximum = Int64(random.next(below: 150)) + 1
        if random.next(below: 2) == 0 { return .boundedRecordGap(maximum: maximum) }
        return .bounded(gap: Int64(random.next(below: 80)) + 1, maximum: maximum)
    }

    static func count(_ random: inout SplitMix64) -> TestWindows {
        .count(size: Int(random.next(below: 8)) + 1, step: Int(random.next(below: 10)) + 1)
    }

    /// Any shape but the calendar's and those of counts, which need times and splits of their own.
    static func any(_ random: inout SplitMix64) -> TestWindows {
        switch random.next(below: 7) {
        case 0: .tumbling(&random)
        case 1: .sliding(&random)
        case 2: .session(&random)
        case 3: .cumulating(&random)
        case 4: .recordGap
        case 5: .bounded(&random)
        default: .global
        }
    }

    /// Whether windows of a key grow together.
    var merges: Bool {
        switch self {
        case .session, .recordGap, .bounded, .boundedRecordGap: true
        default: false
        }
    }

    /// Whether the general operator can do it too.
    var isGeneral: Bool {
        switch self {
        case .bounded, .boundedRecordGap, .count: false
        default: true
        }
    }

    /// The shape, by its own operator or, on occasion, by the general one.
    func windowing(_ random: inout SplitMix64) -> TestWindowing {
        isGeneral && random.next(below: 3) == 0 ? TestWindowing(GeneralWindowing(base: windowing)) : windowing
    }
}

extension JobMatrix {
    /// Two ways for each of many seeds; on every eighth, threads.
    static func few(seed: UInt64) -> JobMatrix {
        var random = SplitMix64(seed: seed)
        let sizes = [1, 2, 3, 7, 16, 1_024]
        let variants = (0..<2).map { index in
            Variant(
                parallelism: Int(random.next(below: 4)) + 1, batchSize: sizes[Int(random.next(below: 6))],
                seed: index == 0 && seed % 8 == 0 ? nil : random.next())
        }
        return JobMatrix(variants: variants)
    }
}
