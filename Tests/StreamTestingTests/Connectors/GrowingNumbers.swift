import StreamTesting
import Synchronization
import Weir

/// The numbers below 20, to which others come while they are read; it may do one thing wrong.
struct GrowingNumbers: Source {
    enum Kind { case bounded, idle, discovered }

    enum Fault: CaseIterable {
        case noneBounded, noneIdle, noneDiscovered
        case readsBeyondItsEnd, endMovesAfterARestart
        case isDeafAfterAPause, endsAtAPause, positionAfterAPauseIsOff
        case forgetsOldSplits, missesNewSplits, saysThatItIsComplete

        var isRight: Bool { self == .noneBounded || self == .noneIdle || self == .noneDiscovered }

        var kind: Kind {
            switch self {
            case .noneBounded, .readsBeyondItsEnd, .endMovesAfterARestart: .bounded
            case .noneIdle, .isDeafAfterAPause, .endsAtAPause, .positionAfterAPauseIsOff: .idle
            case .noneDiscovered, .forgetsOldSplits, .missesNewSplits, .saysThatItIsComplete: .discovered
            }
        }
    }

    private final class Log: Sendable {
        let count = Mutex(20)
    }

    let fault: Fault
    private let log = Log()

    init(_ fault: Fault) { self.fault = fault }

    func grow() { log.count.withLock { $0 = 22 } }

    private var hasGrown: Bool { log.count.withLock { $0 > 20 } }

    var discovery: SplitDiscovery<Int>? {
        guard fault.kind == .discovered else { return nil }
        return SplitDiscovery(every: .seconds(1)) {
            guard hasGrown, fault != .missesNewSplits else {
                return SplitListing([0], isComplete: fault == .saysThatItIsComplete)
            }
            return SplitListing(fault == .forgetsOldSplits ? [100] : [0, 100])
        }
    }

    func splits(parallelism: Int) -> [Int] { [0] }
    func name(of split: Int, number: Int) -> String { "\(split)" }

    func makeReader(for split: Int) -> Reader {
        let end = split == 100 ? 105 : log.count.withLock { $0 }
        return Reader(source: self, next: split, end: fault.kind == .discovered && split == 0 ? 20 : end)
    }

    func makeReader(for split: Int, from position: SplitPosition) throws -> Reader {
        var decoder = StateDecoder(position.bytes)
        var reader = Reader(source: self, next: try decoder.decode(), end: try decoder.decode())
        if fault == .endMovesAfterARestart { reader.end = log.count.withLock { $0 } }
        return reader
    }

    struct Reader: SplitReader {
        let source: GrowingNumbers
        var next: Int
        /// Where the split ends; part of the position, so that it stays.
        var end: Int
        var hasPaused = false

        var restartPosition: SplitPosition? {
            var encoder = StateEncoder()
            guard (try? encoder.encode(next)) != nil, (try? encoder.encode(end)) != nil else { return nil }
            return SplitPosition(bytes: encoder.bytes, description: "\(next)")
        }

        mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
            let fault = source.fault
            if fault.kind == .idle || fault == .readsBeyondItsEnd {
                if !(fault == .isDeafAfterAPause && hasPaused) { end = source.log.count.withLock { $0 } }
            }
            while next < end && !output.isFull {
                output.emit(next)
                next += 1
            }
            if next < end { return .more }
            if fault == .positionAfterAPauseIsOff && !hasPaused { next -= 1 }
            hasPaused = true
            return fault.kind == .idle && fault != .endsAtAPause ? .caughtUp : .end
        }
    }
}
