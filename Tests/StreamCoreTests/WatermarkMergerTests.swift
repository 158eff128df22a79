@testable import StreamCore
import Testing

/// What happens to an input, and what comes of it for the merged stream.
enum MergerStep: Sendable {
    case advance(Int, Timestamp)
    case idle(Int)
    case activate(Int)
}

struct MergerCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var inputs: Int
    var steps: [(MergerStep, WatermarkMerger.Change)]

    init(_ name: String, inputs: Int, _ steps: [(MergerStep, WatermarkMerger.Change)]) {
        testDescription = name
        self.inputs = inputs
        self.steps = steps
    }
}

extension WatermarkMerger.Change {
    static func rises(_ watermark: Timestamp) -> Self { Self(watermark: watermark, idle: nil) }
    static let goesIdle = Self(watermark: nil, idle: true)
    static let comesBack = Self(watermark: nil, idle: false)
    static func goesIdle(at watermark: Timestamp) -> Self { Self(watermark: watermark, idle: true) }
    static func ends(wasIdle: Bool) -> Self { Self(watermark: .max, idle: wasIdle ? false : nil) }
}

@Suite struct WatermarkMergerTests {
    static let cases: [MergerCase] = [
        MergerCase("one input", inputs: 1, [(.advance(0, 5), .rises(5)), (.advance(0, 9), .rises(9))]),
        MergerCase(
            "a lower one is ignored", inputs: 1,
            [
                (.advance(0, 5), .rises(5)), (.advance(0, 4), .none), (.advance(0, 5), .none),
                (.advance(0, 6), .rises(6)),
            ]),
        MergerCase(
            "the lowest counts", inputs: 3,
            [
                (.advance(0, 5), .none), (.advance(1, 7), .none), (.advance(2, 3), .rises(3)),
                (.advance(2, 9), .rises(5)), (.advance(0, 6), .rises(6)), (.advance(0, 20), .rises(7)),
            ]),
        MergerCase(
            "before every input has one there is none", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(0, 500), .none), (.advance(1, .min), .none),
                (.advance(1, -9), .rises(-9)),
            ]),
        MergerCase(
            "an idle input doesn't hold it back", inputs: 2,
            [(.advance(0, 5), .none), (.idle(1), .rises(5)), (.advance(0, 8), .rises(8)), (.idle(1), .none)]),
        MergerCase(
            "an input may be idle from the start", inputs: 2,
            [(.idle(1), .none), (.advance(0, 5), .rises(5))]),
        MergerCase(
            "a returning input counts once it has caught up", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, 3), .rises(3)), (.idle(1), .rises(5)),
                (.advance(0, 10), .rises(10)), (.activate(1), .none), (.advance(1, 6), .none),
                (.advance(0, 11), .rises(11)), (.advance(1, 10), .none), (.advance(0, 13), .rises(13)),
                (.advance(1, 13), .none), (.advance(0, 20), .none), (.advance(1, 15), .rises(15)),
            ]),
        MergerCase(
            "one that has stayed ahead counts at once", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, 9), .rises(5)), (.idle(1), .none), (.activate(1), .none),
                (.advance(0, 20), .rises(9)),
            ]),
        MergerCase(
            "the last to go idle lifts it to the highest", inputs: 3,
            [
                (.advance(0, 5), .none), (.advance(1, 8), .none), (.advance(2, 6), .rises(5)), (.idle(1), .none),
                (.idle(2), .none), (.idle(0), .goesIdle(at: 8)), (.activate(0), .comesBack), (.advance(0, 7), .none),
                (.advance(0, 8), .none), (.advance(0, 9), .rises(9)),
            ]),
        MergerCase(
            "all idle before any watermark", inputs: 2,
            [
                (.idle(0), .none), (.idle(1), .goesIdle), (.idle(1), .none), (.activate(0), .comesBack),
                (.advance(0, 1), .rises(1)),
            ]),
        MergerCase(
            "a second one to come back changes nothing", inputs: 2,
            [
                (.idle(0), .none), (.idle(1), .goesIdle), (.activate(1), .comesBack), (.activate(0), .none),
                (.activate(0), .none),
            ]),
        MergerCase(
            "what an idle input reaches counts when it is back", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, 5), .rises(5)), (.idle(1), .none), (.advance(1, 50), .none),
                (.activate(1), .none), (.advance(0, 60), .rises(50)),
            ]),
        MergerCase(
            "an input that has ended holds nothing back", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, .max), .rises(5)), (.advance(0, 6), .rises(6)),
                (.advance(0, .max), .ends(wasIdle: false)),
            ]),
        MergerCase(
            "an end beside an idle input is not the end of everything", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, 7), .rises(5)), (.idle(0), .rises(7)),
                (.advance(1, 30), .rises(30)), (.advance(1, .max), .goesIdle), (.activate(0), .comesBack),
                (.advance(0, 20), .none), (.advance(0, 40), .rises(40)), (.advance(0, .max), .ends(wasIdle: false)),
            ]),
        MergerCase(
            "idling beside one that has ended", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, 7), .rises(5)), (.advance(1, .max), .none),
                (.idle(0), .goesIdle(at: 7)), (.activate(0), .comesBack), (.advance(0, 9), .rises(9)),
            ]),
        MergerCase(
            "an idle input may end", inputs: 2,
            [
                (.advance(0, 5), .none), (.advance(1, 7), .rises(5)), (.idle(0), .rises(7)),
                (.advance(0, .max), .none), (.advance(1, 8), .rises(8)), (.idle(1), .goesIdle),
                (.advance(1, .max), .ends(wasIdle: true)),
            ]),
        MergerCase(
            "one that ends without ever having had a watermark", inputs: 2,
            [
                (.advance(1, .max), .none), (.advance(0, 3), .rises(3)), (.idle(0), .goesIdle),
                (.advance(0, .max), .ends(wasIdle: true)),
            ]),
    ]

    @Test(arguments: cases)
    func table(_ test: MergerCase) {
        var merger = WatermarkMerger(inputCount: test.inputs)
        var watermark = Timestamp.min
        var isIdle = false
        for (number, (step, expected)) in test.steps.enumerated() {
            let change =
                switch step {
                case .advance(let input, let watermark): merger.advance(input, to: watermark)
                case .idle(let input): merger.idle(input)
                case .activate(let input): merger.activate(input)
                }
            #expect(change == expected, "step \(number): \(step)")
            watermark = change.watermark ?? watermark
            isIdle = change.idle ?? isIdle
            #expect(merger.watermark == watermark && merger.isIdle == isIdle, "step \(number): \(step)")
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func itNeverRegressesAndNeverPassesAnInputThatCounts(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = 1 + Int(random.next(below: 4))
        var merger = WatermarkMerger(inputCount: count)
        var reached = [Timestamp](repeating: .min, count: count)
        var idle = [Bool](repeating: false, count: count)
        var last = Timestamp.min
        for _ in 0..<300 {
            let input = Int(random.next(below: UInt64(count)))
            var change: WatermarkMerger.Change
            switch random.next(below: 6) {
            case 0:
                change = merger.idle(input)
                idle[input] = true
            case 1:
                change = merger.activate(input)
                idle[input] = false
            default:
                reached[input] = max(reached[input], Int64(random.next(below: 1_000)))
                change = merger.advance(input, to: reached[input])
            }
            if let watermark = change.watermark {
                #expect(watermark > last, "seed \(seed)")
                last = watermark
                // A rise comes from an input that has got there.
                #expect(reached.contains(watermark), "seed \(seed)")
                let behind = (0..<count).filter { !idle[$0] && reached[$0] < watermark }
                // Only those that came back late may be behind; with nobody idle since, that is nobody.
                if !idle.contains(true) && behind.count == count { Issue.record("nobody is there, seed \(seed)") }
            }
            #expect(merger.isIdle == !idle.contains(false), "seed \(seed)")
        }
    }
}

@Suite struct SignalMergerTests {
    private func merge(_ inputs: Int, _ signals: [(Int, Signal)]) -> [Signal] {
        let merger = SignalMerger(inputCount: inputs, clock: VirtualClock())
        var merged: [Signal] = []
        for (input, signal) in signals { merger.receive(signal, from: input) { merged.append($0) } }
        #expect(merger.hasEnded == merged.contains(.end))
        return merged
    }

    @Test func theEndComesWhenAllHaveEnded() {
        #expect(
            merge(2, [(0, .watermark(5)), (0, .watermark(.max)), (0, .end), (1, .watermark(3)), (1, .watermark(.max))])
                == [.watermark(3), .watermark(.max)])
        #expect(
            merge(2, [(0, .watermark(.max)), (0, .end), (1, .watermark(.max)), (1, .end)]) == [.watermark(.max), .end])
        // An end alone implies the last watermark.
        #expect(merge(1, [(0, .end)]) == [.watermark(.max), .end])
    }

    @Test func backFromIdlenessComesBeforeTheWatermark() {
        #expect(
            merge(1, [(0, .watermark(1)), (0, .idle), (0, .active), (0, .watermark(2))])
                == [.watermark(1), .idle, .active, .watermark(2)])
        // The last watermark comes before idleness.
        #expect(
            merge(2, [(0, .watermark(1)), (1, .watermark(4)), (1, .idle), (0, .idle)])
                == [.watermark(1), .watermark(4), .idle])
    }

    @Test func anIdleInputMayEndWithoutComingBack() {
        #expect(
            merge(1, [(0, .watermark(1)), (0, .idle), (0, .watermark(.max)), (0, .end)])
                == [.watermark(1), .idle, .active, .watermark(.max), .end])
        #expect(
            merge(2, [(0, .watermark(.max)), (0, .end), (1, .idle), (1, .watermark(.max)), (1, .end)])
                == [.idle, .active, .watermark(.max), .end])
    }

    @Test func anEndBesideAnIdleInputDoesNotCloseTheStream() {
        #expect(
            merge(2, [(0, .watermark(1)), (1, .watermark(4)), (0, .idle), (1, .watermark(.max)), (1, .end)])
                == [.watermark(1), .watermark(4), .idle])
    }
}
